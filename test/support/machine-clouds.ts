// The clouds of a test's machine: their stand-ins, and the proxy behind which they have their real names.

import { startCloudProxy } from "../stand-ins/clouds/cloud-proxy.ts";
import { type CloudOptions, type Clouds, startClouds } from "../stand-ins/clouds/clouds.ts";
import type { Machine } from "./machine.ts";

/** Every run from now on is led to them. */
export async function withClouds(at: Machine, options?: CloudOptions): Promise<Clouds> {
  const clouds = await startClouds(options);
  at.onClose(() => clouds.close());
  Object.assign(at.env, clouds.env);
  return clouds;
}

interface ProxyPlan {
  /** Default: one region of each partition. */
  readonly regions?: readonly string[];
  /** More names, and the loopback port that plays each. */
  readonly hosts?: Readonly<Record<string, number>>;
}

/** The variables by which real names lead to stand-ins, over TLS and a proxy that notes whom it was asked for. */
export async function withCloudProxy(at: Machine, clouds: Clouds, plan: ProxyPlan = {}) {
  const proxy = await startCloudProxy(clouds, plan);
  at.onClose(() => proxy.close());
  const env = { ...proxy.env, NODE_EXTRA_CA_CERTS: at.write("ca.pem", proxy.ca) };
  return { env, connects: proxy.connects, refused: proxy.refused };
}
