// How often a property is tried: a little at every save, much more when ONA_TEST_RUNS says so.

export function numRuns(usual: number): number {
  const asked = Number(process.env.ONA_TEST_RUNS ?? "");
  return Number.isInteger(asked) && asked > 0 ? asked : usual;
}
