// Works through many things a few at a time: one connection serves a whole run, and hundreds that wait for it at once run
// into their time limits before their turn comes.

/** The results in the order of `items`. Rejects as soon as one does; those that have begun go on. */
export async function sideBySide<T, R>(
  items: readonly T[],
  atMost: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const waiting = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of waiting) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atMost, items.length) }, worker));
  return results;
}
