// The well-known ids of the stand-in's default world: one organization, project, user, environment.
// All are UUIDs, as the platform demands; no test may depend on anything but their being distinct.

const prefix = "0199a000-0000-7000-8000-";

export const ids = {
  organization: `${prefix}000000000000`,
  user: `${prefix}000000000002`,
  project: `${prefix}000000000003`,
  runner: `${prefix}000000000004`,
  serviceAccount: `${prefix}000000000005`,
  account: `${prefix}000000000006`,
  environment: `${prefix}000000000010`,
} as const;

/** The id given to the nth secret (from 1) that a seed leaves without one. */
export function secretId(n: number): string {
  return `${prefix}${(0xa0 + n).toString(16).padStart(12, "0")}`;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isUuid(text: string): boolean {
  return uuid.test(text);
}
