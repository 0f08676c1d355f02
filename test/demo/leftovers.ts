// What the demo has to clear away: noted when it comes to exist, undone in reverse order, whatever happened.
// It must never stop at one that fails: the next may be a process that would go on running.

export class Leftovers {
  readonly #undo: (() => unknown)[] = [];

  add(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  async clear(): Promise<void> {
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) {
      try {
        await undo();
      } catch (error) {
        console.error(`could not clear up: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
}
