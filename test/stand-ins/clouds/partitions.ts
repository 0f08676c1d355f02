// Which AWS partition a region belongs to and under which names its APIs live, written down a second time and
// apart from the SDK's rule set, so that a test can hold the two against each other. Not for the product.

export interface Partition {
  id: string;
  region: RegExp;
  suffix: string;
  dualStackSuffix: string;
}

// The commercial partition is last: it takes every region-shaped name that no other one claims.
const PARTITIONS: readonly Partition[] = [
  { id: "aws-us-gov", region: /^us-gov-[a-z]+-\d+$/, suffix: "amazonaws.com", dualStackSuffix: "api.aws" },
  {
    id: "aws-cn",
    region: /^cn-[a-z]+-\d+$/,
    suffix: "amazonaws.com.cn",
    dualStackSuffix: "api.amazonwebservices.com.cn",
  },
  {
    id: "aws-eusc",
    region: /^eusc-[a-z]+-[a-z]+-\d+$/,
    suffix: "amazonaws.eu",
    dualStackSuffix: "api.amazonwebservices.eu",
  },
  { id: "aws-iso", region: /^us-iso-[a-z]+-\d+$/, suffix: "c2s.ic.gov", dualStackSuffix: "api.aws.ic.gov" },
  {
    id: "aws-iso-b",
    region: /^us-isob-[a-z]+-\d+$/,
    suffix: "sc2s.sgov.gov",
    dualStackSuffix: "api.aws.scloud",
  },
  {
    id: "aws-iso-e",
    region: /^eu-isoe-[a-z]+-\d+$/,
    suffix: "cloud.adc-e.uk",
    dualStackSuffix: "api.cloud-aws.adc-e.uk",
  },
  {
    id: "aws-iso-f",
    region: /^us-isof-[a-z]+-\d+$/,
    suffix: "csp.hci.ic.gov",
    dualStackSuffix: "api.aws.hci.ic.gov",
  },
  { id: "aws", region: /^[a-z]{2,}-[a-z]+-\d+$/, suffix: "amazonaws.com", dualStackSuffix: "api.aws" },
];

export function partitionOfRegion(region: string): Partition | undefined {
  return PARTITIONS.find((partition) => partition.region.test(region));
}
