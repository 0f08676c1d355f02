// AWS, as far as nobody has to be asked: which hosts are ECR's, how a configuration names an identity of it, and when a
// password of ECR ends.

import type { Fields } from "../config-fields.ts";
import { isRecord } from "../entry.ts";
import { parseForeignJson } from "../foreign-json.ts";

/** `dualStack` of ECR Public is there for the name that has addresses of both kinds. */
export type EcrRegistry =
  | {
      readonly kind: "ecr";
      readonly account: string;
      readonly region: string;
      readonly partition: Partition;
      readonly fips: boolean;
      readonly dualStack: boolean;
    }
  | { readonly kind: "ecr-public"; readonly dualStack?: true };

export type AwsIdentity =
  | { readonly kind: "profile"; readonly profile: string }
  | {
      readonly kind: "role";
      readonly roleArn: string;
      readonly externalId?: string;
      readonly sessionName?: string;
    }
  | { readonly kind: "oidc-aws"; readonly roleArn: string };

/** AWS partition ids as the SDK's rule set names them. */
export type Partition =
  | "aws"
  | "aws-us-gov"
  | "aws-cn"
  | "aws-eusc"
  | "aws-iso"
  | "aws-iso-b"
  | "aws-iso-e"
  | "aws-iso-f";

/** How long a token of ECR or ECR Public lives. */
export const ECR_LIFE_MS = 12 * 3_600_000;

/** Made when it is asked for: most warm answers have nothing to do with a cloud. */
export const aws = () =>
  ({
    name: "AWS",
    codes: "aws",
    tokenUser: "AWS",
    recognize,
    readIdentity,
    readOidc(fields: Fields): AwsIdentity | undefined {
      const roleArn = fields.text("roleArn", isRole, "must be the ARN of an IAM role");
      return roleArn === undefined ? undefined : { kind: "oidc-aws", roleArn };
    },
    /** What the token says is believed up to the documented life: milliseconds taken for seconds would last for ever. */
    tokenEndMs(password: string, madeAtMs: number): number {
      const longestMs = madeAtMs + ECR_LIFE_MS;
      return Math.min(saidEndMs(password) ?? longestMs, longestMs);
    },
    hostOfEveryShape: () => [
      ...[
        "us-east-1.amazonaws.com",
        "us-gov-west-1.amazonaws.com",
        "cn-north-1.amazonaws.com.cn",
        "eusc-de-east-1.amazonaws.eu",
        "us-iso-east-1.c2s.ic.gov",
        "us-isob-east-1.sc2s.sgov.gov",
        "eu-isoe-west-1.cloud.adc-e.uk",
        "us-isof-south-1.csp.hci.ic.gov",
      ].flatMap((place) => [`123456789012.dkr.ecr.${place}`, `123456789012.dkr.ecr-fips.${place}`]),
      ...["us-east-1.on.aws", "us-gov-west-1.on.aws", "cn-north-1.on.amazonwebservices.com.cn"].flatMap(
        (place) => [`123456789012.dkr-ecr.${place}`, `123456789012.dkr-ecr-fips.${place}`],
      ),
      "public.ecr.aws",
      "ecr-public.aws.com",
    ],
  }) as const;

function recognize(host: string): EcrRegistry | undefined {
  if (host === "public.ecr.aws") return { kind: "ecr-public" };
  if (host === "ecr-public.aws.com") return { kind: "ecr-public", dualStack: true };
  const classic =
    /^([0-9]{12})\.dkr\.ecr(-fips)?\.([a-z0-9-]+)\.(amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$/.exec(
      host,
    );
  const match =
    classic ??
    /^([0-9]{12})\.dkr-ecr(-fips)?\.([a-z0-9-]+)\.(on\.aws|on\.amazonwebservices\.com\.cn)$/.exec(host);
  if (!match) return undefined;
  const [, account = "", fips, region = "", suffix = ""] = match;
  const partition = partitionOf(region, suffix);
  if (partition === undefined) return undefined;
  const dualStack = classic === null;
  return { kind: "ecr", account, region, partition, fips: fips !== undefined, dualStack };
}

function readIdentity(fields: Fields): AwsIdentity | undefined {
  const roleArn = fields.text("roleArn", isRole, "must be the ARN of an IAM role");
  if (roleArn !== undefined) {
    const externalId = fields.text("externalId", isPlain, "must be printable text");
    const sessionName = fields.text(
      "sessionName",
      (text) => /^[\w+=,.@-]{2,64}$/.test(text),
      "must be 2 to 64 characters",
    );
    return {
      kind: "role",
      roleArn,
      ...(externalId === undefined ? {} : { externalId }),
      ...(sessionName === undefined ? {} : { sessionName }),
    };
  }
  const profile = fields.text("profile", isPlain, "must be the name of a profile");
  return profile === undefined ? undefined : { kind: "profile", profile };
}

// Every pattern stands in the function that uses it, here and wherever a warm answer comes by: at the top of a file it
// would be made at every start.

const isRole = (text: string): boolean =>
  /^arn:aws[a-z-]*:iam::[0-9]{12}:role\/[\x21-\x7e]{1,512}$/.test(text);
const isPlain = (text: string): boolean => /^[\x20-\x7e]{1,1224}$/.test(text);

/** How a partition's regions begin, and what its hosts end in; the first that fits. */
const partitions = (): readonly (readonly [
  prefix: string,
  partition: Partition,
  suffixes: readonly string[],
])[] => [
  ["cn-", "aws-cn", ["amazonaws.com.cn", "on.amazonwebservices.com.cn"]],
  ["eusc-", "aws-eusc", ["amazonaws.eu"]],
  ["us-iso-", "aws-iso", ["c2s.ic.gov"]],
  ["us-isob-", "aws-iso-b", ["sc2s.sgov.gov"]],
  ["eu-isoe-", "aws-iso-e", ["cloud.adc-e.uk"]],
  ["us-isof-", "aws-iso-f", ["csp.hci.ic.gov"]],
  ["us-gov-", "aws-us-gov", ["amazonaws.com", "on.aws"]],
  ["", "aws", ["amazonaws.com", "on.aws"]],
];

/** The partition a region belongs to; undefined when it is no region or does not belong to the host's suffix. */
function partitionOf(region: string, suffix: string): Partition | undefined {
  // `fips-us-east-1` is no region but an old way to ask the SDK for FIPS.
  if (!/^(?!fips-)[a-z]{2,}(?:-[a-z]+){1,2}-[1-9][0-9]?$/.test(region)) return undefined;
  for (const [prefix, partition, suffixes] of partitions()) {
    if (region.startsWith(prefix)) return suffixes.includes(suffix) ? partition : undefined;
  }
  return undefined;
}

/** An ECR password is base64 of a JSON object that tells its own end in seconds. */
function saidEndMs(password: string): number | undefined {
  try {
    const fields = parseForeignJson(atob(password));
    const expiration = isRecord(fields) ? Number(fields.expiration) : Number.NaN;
    return Number.isFinite(expiration) && expiration > 0 ? expiration * 1000 : undefined;
  } catch {
    return undefined;
  }
}
