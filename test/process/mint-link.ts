// A machine of a cloud in a network of its own: the metadata address answers on the loopback interface, and every
// proxy variable names a recorder. Started by mint-silent.test.ts with `unshare -n`; it prints what it saw as JSON.

import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clouds, startClouds } from "../stand-ins/clouds/clouds.ts";
import { builds, makeBed, runHelper } from "../support/run-helper.ts";

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

export async function seeFromMachine(cloud: string, host: string, config: string): Promise<Seen> {
  const bed = makeBed();
  await using clouds = await startClouds({ ecr: {}, imds: {}, gce: {} });
  const { metadata, server } = await metadataServer(clouds, cloud);
  const proxied: string[] = [];
  const proxy = createServer((asked, response) => {
    proxied.push(`${asked.method} ${asked.url}`);
    response.writeHead(502).end();
  });
  proxy.on("connect", (asked, socket) => {
    proxied.push(`CONNECT ${asked.url}`);
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  });
  await listening(proxy, 0, "127.0.0.1");
  const at = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
  const env = {
    ...bed.env,
    ...Object.fromEntries(names.map((name) => [name, at])),
    AWS_ENDPOINT_URL_ECR: clouds.ecr.url,
    DOCKER_CREDENTIAL_ONA_CONFIG: config,
  };
  try {
    const build = builds.find((it) => it.name === "executable");
    if (build === undefined) throw new Error("no executable");
    const run = await runHelper(build, ["get"], { env, cwd: bed.cwd, stdin: host });
    const [stdout, stderr] = [run.stdout.toString(), run.stderr.toString()];
    return { stdout, stderr, code: run.code, tookMs: run.tookMs, proxied, metadata };
  } finally {
    for (const one of [server, proxy]) {
      one?.closeAllConnections();
      one?.close();
    }
    bed.remove();
  }
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
  await listening(server, 80, METADATA);
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

function listening(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, address, resolve);
  });
}

if (import.meta.main) {
  const [cloud = "", host = "", config = ""] = process.argv.slice(2);
  process.stdout.write(JSON.stringify(await seeFromMachine(cloud, host, config)));
}
