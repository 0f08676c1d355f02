// Where one cloud needs a word of another: is this machine on that one, and which AWS identity shall be federated? Asked
// when a mint is about to fail, or when a credential file wants it.

import { type Provider, providers } from "../../core/clouds/clouds.ts";
import { isOnAws } from "../aws/imds.ts";
import type { MintContext, OtherClouds } from "../cloud/context.ts";
import { isOnGoogle } from "../google/metadata.ts";
import { awsSupplier } from "./aws-federation.ts";

interface Machine {
  readonly name: string;
  /** True when the cloud's metadata server answers. Never throws. */
  isHere(context: MintContext): Promise<boolean>;
}

const MACHINES: Readonly<Record<Provider, Machine>> = {
  ecr: { name: "AWS", isHere: isOnAws },
  gar: { name: "Google Cloud", isHere: isOnGoogle },
};

export const OTHER_CLOUDS: OtherClouds = {
  async machineOf(own, context) {
    for (const provider of providers()) {
      const { name, isHere } = MACHINES[provider];
      if (provider !== own && (await isHere(context))) return name;
    }
    return undefined;
  },
  awsSupplier,
};
