// A containerd of our own, with its CRI service: own roots, own socket, no network of its own. Pulls go through CRI without
// any credential in the request, as the kubelet sends them when it has none.

import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { credentials, loadPackageDefinition, type ServiceError } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { inject } from "vitest";
import { startDaemon } from "./daemon.ts";
import { bedEnvironment, type Outcome, run } from "./run.ts";

export interface Containerd {
  version: string;
  /** The `config_path` of its CRI service. */
  hostsDir: string;
  /** CRI's PullImage. Resolves with what went wrong, undefined when nothing did. */
  pull(image: string): Promise<string | undefined>;
  /** Takes the image away, so that the next pull has to ask the registry. */
  remove(image: string): Promise<void>;
  /** `ctr images pull` with a hosts directory of its own. */
  ctrPull(image: string, hostsDir: string): Promise<Outcome>;
  stop(): Promise<void>;
}

/** What is needed of k8s.io/cri-api, runtime/v1/api.proto. */
const text = (id: number) => ({ type: "string", id });
const IMAGE_SERVICE = {
  nested: {
    runtime: {
      nested: {
        v1: {
          nested: {
            ImageSpec: { fields: { image: text(1) } },
            PullImageRequest: { fields: { image: { type: "ImageSpec", id: 1 } } },
            PullImageResponse: { fields: { imageRef: text(1) } },
            RemoveImageRequest: { fields: { image: { type: "ImageSpec", id: 1 } } },
            RemoveImageResponse: { fields: {} },
            ImageService: {
              methods: {
                PullImage: { requestType: "PullImageRequest", responseType: "PullImageResponse" },
                RemoveImage: { requestType: "RemoveImageRequest", responseType: "RemoveImageResponse" },
              },
            },
          },
        },
      },
    },
  },
};

type Callback = (error: ServiceError | null) => void;

interface ImageService {
  PullImage(request: object, options: { deadline: number }, done: Callback): void;
  RemoveImage(request: object, options: { deadline: number }, done: Callback): void;
  close(): void;
}

function imageService(socket: string): ImageService {
  const loaded = loadPackageDefinition(
    fromJSON(IMAGE_SERVICE as unknown as Parameters<typeof fromJSON>[0]),
  ) as unknown as {
    runtime: { v1: { ImageService: new (address: string, credentials: unknown) => ImageService } };
  };
  return new loaded.runtime.v1.ImageService(`unix://${socket}`, credentials.createInsecure());
}

export async function startContainerd(): Promise<Containerd> {
  const root = mkdtempSync(join(inject("runRoot"), "containerd-"));
  const { containerd = "", ctr = "" } = inject("programs").paths;
  const hostsDir = join(root, "certs.d");
  const empty = join(root, "empty");
  for (const directory of [hostsDir, empty]) mkdirSync(directory, { mode: 0o700 });
  const socket = join(root, "s");
  const config = join(root, "config.toml");
  const cri = "io.containerd.grpc.v1.cri";
  writeFileSync(
    config,
    `version = 2
root = ${JSON.stringify(join(root, "root"))}
state = ${JSON.stringify(join(root, "state"))}
[grpc]
address = ${JSON.stringify(socket)}
[ttrpc]
address = ${JSON.stringify(`${socket}.ttrpc`)}
[plugins."${cri}".containerd]
snapshotter = "native"
[plugins."${cri}".cni]
bin_dir = ${JSON.stringify(empty)}
conf_dir = ${JSON.stringify(empty)}
[plugins."${cri}".registry]
config_path = ${JSON.stringify(hostsDir)}
[plugins."io.containerd.internal.v1.opt"]
path = ${JSON.stringify(join(root, "opt"))}
`,
  );
  const env = bedEnvironment(root);
  const client = imageService(socket);
  const daemon = await startDaemon({
    command: [containerd, "--config", config],
    env,
    logFile: join(root, "log"),
    answers: async () => (await run([ctr, "-a", socket, "version"], { env })).code === 0,
  });
  const call = (method: "PullImage" | "RemoveImage", image: string): Promise<string | undefined> =>
    new Promise((resolve) => {
      const request = { image: { image } };
      client[method](request, { deadline: Date.now() + 60_000 }, (error) => resolve(error?.message));
    });
  const said = await run([containerd, "--version"], { env });
  return {
    version: / v?(\d+\.\d+\.\d+)/.exec(said.stdout)?.[1] ?? "",
    hostsDir,
    pull: (image) => call("PullImage", image),
    remove: async (image) => {
      await call("RemoveImage", image);
      await run([ctr, "-a", socket, "-n", "k8s.io", "content", "prune", "references"], { env });
    },
    ctrPull: (image, directory) =>
      run([ctr, "-a", socket, "images", "pull", "--hosts-dir", directory, "--snapshotter", "native", image], {
        env,
      }),
    stop: async () => {
      client.close();
      await daemon.stop();
    },
  };
}
