// Who was refused what, from AWS's own answer. Of its words only names of IAM are shown, each by a pattern of its own: a
// role or user without the session, which may be a person's address, an action, and the kind of policy that decided.

/** What a call asks IAM for, for the words of a refusal. */
export interface Refusable {
  /** As IAM writes it: `ecr:GetAuthorizationToken`. */
  readonly action: string;
  /** The role that is to be assumed. */
  readonly on?: string;
}

/** One line without a full stop. */
export function refusalText(message: string, { action, on }: Refusable): string {
  const denied = /is not authorized to perform: ([a-z-]{2,30}:[A-Za-z]{3,60})(?= |$)/.exec(message)?.[1];
  const policy = policyIn(message);
  const whom = principalIn(message) ?? "this identity";
  const role = on === undefined ? "" : ` on ${on.slice(0, 200)}`;
  const why = policy === undefined ? "" : `, because of ${policy}`;
  return `AWS refused ${denied ?? action}${role} to ${whom}${why}`;
}

function principalIn(message: string): string | undefined {
  const [, arn, kind, name] =
    /^User: (arn:aws[a-z-]{0,20}:(?:sts|iam)::[0-9]{12}:)(assumed-role|user|role|federated-user)\/([\w+=,.@/-]{1,128}) is not/.exec(
      message,
    ) ?? [];
  if (arn === undefined || kind === undefined || name === undefined) return undefined;
  const isRole = kind === "assumed-role";
  return `${arn}${kind}/${isRole ? (name.split("/")[0] ?? "") : name}`;
}

const POLICIES: readonly (readonly [RegExp, string])[] = [
  [/permissions? boundary/i, "a permissions boundary"],
  [/service control policy/i, "a service control policy of the organization"],
  [/resource control policy/i, "a resource control policy of the organization"],
  [/VPC endpoint policy/i, "the policy of the VPC endpoint"],
  [/session policy/i, "a session policy"],
  [/explicit deny/i, "an explicit deny"],
];

function policyIn(message: string): string | undefined {
  return POLICIES.find(([pattern]) => pattern.test(message))?.[1];
}

/** Only where AWS says so. */
export const isByBoundary = (message: string): boolean => /permissions? boundary/i.test(message);
