// A few runs of the helper at a time: many rows, two cores.

const AT_ONCE = 4;

export async function inParallel<T>(rows: readonly T[], act: (row: T) => Promise<void>): Promise<void> {
  const queue = [...rows];
  const worker = async (): Promise<void> => {
    for (let row = queue.shift(); row !== undefined; row = queue.shift()) await act(row);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
