// Images made without the internet: busybox, an account file, and one file that tells each image from all others.
// No two images may hold the same `/hello.txt`: it is the proof of what was pulled.

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import { bedEnvironment, mustRun } from "./run.ts";

export interface Image {
  /** `host:port/repository:tag` */
  reference: string;
  repository: string;
  digest: string;
  /** What `/hello.txt` holds. */
  hello: string;
}

/** What a shell and the Dev Container CLI look for. */
const applets =
  "cat chmod env grep id ls mkdir mv printf rm sh sleep stat test touch true uname whoami".split(" ");

/** Returns an image layout whose tag `base` is the common part. */
export async function makeBaseImage(root: string): Promise<string> {
  const bin = join(root, "image", "bin");
  const etc = join(root, "image", "etc");
  for (const directory of [bin, etc]) mkdirSync(directory, { recursive: true });
  const { busybox = "", umoci = "" } = inject("programs").paths;
  writeFileSync(join(bin, "busybox"), readFileSync(busybox), { mode: 0o755 });
  for (const applet of applets) symlinkSync("busybox", join(bin, applet));
  writeFileSync(join(etc, "passwd"), "root:x:0:0:root:/:/bin/sh\n");
  writeFileSync(join(etc, "group"), "root:x:0:\n");
  const layout = join(root, "layout");
  const image = `${layout}:base`;
  const settings = ["--config.env", "PATH=/bin", "--config.cmd", "/bin/sh"];
  for (const args of [
    ["init", "--layout", layout],
    ["new", "--image", image],
    ["insert", "--image", image, bin, "/bin"],
    ["insert", "--image", image, etc, "/etc"],
    ["config", "--image", image, ...settings],
  ]) {
    await mustRun([umoci, ...args], { env: bedEnvironment(root) });
  }
  return layout;
}

export interface Press {
  root: string;
  host: string;
  layout: string;
  publisher: { user: string; password: string };
}

let published = 0;

/** One at a time: the layout has a single index. */
export async function publishImage({ root, host, layout, publisher }: Press): Promise<Image> {
  published += 1;
  const { umoci = "", skopeo = "" } = inject("programs").paths;
  const tag = `v${published}`;
  const repository = `team/app-${published}`;
  const reference = `${host}/${repository}:${tag}`;
  const hello = `hello from ${reference}\n`;
  const file = join(root, "hello.txt");
  writeFileSync(file, hello);
  const options = { env: bedEnvironment(root) };
  await mustRun([umoci, "insert", "--image", `${layout}:base`, "--tag", tag, file, "/hello.txt"], options);
  const manifest = join(root, "digest");
  const { user, password } = publisher;
  const flags = ["--insecure-policy", "--dest-tls-verify=false", "--dest-creds", `${user}:${password}`];
  const form = ["--format", "v2s2", "--digestfile", manifest];
  const places = [`oci:${layout}:${tag}`, `docker://${reference}`];
  await mustRun([skopeo, "copy", ...flags, ...form, ...places], options);
  return { reference, repository, digest: readFileSync(manifest, "utf8").trim(), hello };
}
