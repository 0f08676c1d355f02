// A machine of a cloud in a network of its own: the metadata address answers on the loopback interface, and every
// proxy variable names a recorder. Started by mint-silent.test.ts with `unshare -n`; it prints what it saw as JSON.

import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { type Clouds, startClouds } from "../stand-ins/clouds/clouds.ts";
import { Machine } from "../support/machine.ts";
import { startRecordingProxy } from "../support/recording-proxy.ts";

export interface Seen {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly tookMs: number;
  /** Requests that reached the proxy. */
  readonly proxied: readonly string[];
  /** Requests that reached the metadata address. */
  readonly metadata: readonly string[];
}

const METADATA = "169.254.169.254";

export async function seeFromMachine(cloud: string, host: string, source: string): Promise<Seen> {
  await using clouds = await startClouds({ ecr: {}, imds: {}, gce: {} });
  await using at = new Machine();
  at.configure({ registries: { [host]: { source } } });
  const { metadata, server } = await metadataServer(clouds, cloud);
  at.onClose(() => server?.closeAllConnections());
  at.onClose(() => server?.close());
  const proxy = await startRecordingProxy();
  at.onClose(proxy.close);
  const names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
  const env = {
    ...Object.fromEntries(names.map((name) => [name, proxy.url])),
    AWS_ENDPOINT_URL_ECR: clouds.ecr.url,
  };
  const { stdout, stderr, code, tookMs } = await at.get(host, env);
  return { stdout, stderr, code, tookMs, proxied: proxy.asked, metadata };
}

/** `aws` or `google` answer; `silent` takes connections and says nothing; anything else: nobody is there. */
async function metadataServer(
  clouds: Clouds,
  cloud: string,
): Promise<{ metadata: string[]; server?: Server }> {
  const metadata: string[] = [];
  if (!["aws", "google", "silent"].includes(cloud)) return { metadata };
  const port = cloud === "aws" ? clouds.imds.port : clouds.gce.port;
  const server = createServer((asked, response) => {
    metadata.push(`${asked.method} ${asked.url}`);
    if (cloud !== "silent") passOn(asked, response, port);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(80, METADATA, resolve);
  });
  return { metadata, server };
}

function passOn(asked: IncomingMessage, response: ServerResponse, port: number): void {
  const { method, url: path, headers } = asked;
  const onward = request({ host: "127.0.0.1", port, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  asked.pipe(onward);
}

if (import.meta.main) {
  const [cloud = "", host = "", source = ""] = process.argv.slice(2);
  process.stdout.write(JSON.stringify(await seeFromMachine(cloud, host, source)));
}
