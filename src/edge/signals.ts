// The signals that a verb which runs for long wants to hear. Nothing is changed in the process until it asks for one.

export interface Signals {
  /** Aborted by SIGTERM or SIGINT. From the first look at it on, neither ends the process by itself. */
  readonly stop: AbortSignal;
  /** Calls `listener` at each SIGHUP. */
  onReload(listener: () => void): void;
}

export function processSignals(): Signals {
  let stop: AbortController | undefined;
  return {
    get stop() {
      if (stop === undefined) {
        const controller = new AbortController();
        for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => controller.abort());
        stop = controller;
      }
      return stop.signal;
    },
    onReload: (listener) => void process.on("SIGHUP", listener),
  };
}
