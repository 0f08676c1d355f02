// podman and buildah pull into a storage of their own, without any engine.
// They must never see the machine's storage, runtime directory or authentication file.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject } from "vitest";
import { describeClient, useBed } from "./bed.ts";
import { pullScenarios } from "./pull-scenarios.ts";
import type { Workplace } from "./workplace.ts";

const { podman = "", buildah = "" } = inject("programs").paths;

function storage(at: Workplace): string[] {
  return [
    "--root",
    join(at.root, "storage"),
    "--runroot",
    join(at.root, "run-storage"),
    "--storage-driver",
    "vfs",
  ];
}

describeClient("podman", ["podman"], () => {
  const bed = useBed({});
  const run = (at: Workplace, ...args: string[]) =>
    at.run([podman, ...storage(at), "--tmpdir", join(at.root, "tmp"), ...args]);

  describe("pull", () => {
    pullScenarios(bed, {
      pull: (at, image) => run(at, "pull", "--tls-verify=false", image.reference),
      proof: async (at, image) => {
        const digest = await run(at, "image", "inspect", "--format", "{{.Digest}}", image.reference);
        const mounted = await run(at, "image", "mount", image.reference);
        expect(mounted, mounted.said).toMatchObject({ code: 0 });
        const hello = readFileSync(join(mounted.stdout.trim(), "hello.txt"), "utf8");
        await run(at, "image", "umount", image.reference);
        return { hello, digest: digest.stdout.trim() };
      },
      showsReason: true,
    });
  });
});

describeClient("buildah", ["buildah"], () => {
  const bed = useBed({});
  const run = (at: Workplace, ...args: string[]) => at.run([buildah, ...storage(at), ...args]);

  describe("pull", () => {
    pullScenarios(bed, {
      pull: (at, image) => run(at, "pull", "--tls-verify=false", image.reference),
      proof: async (at, image) => {
        const container = (await run(at, "from", "--pull-never", image.reference)).stdout.trim();
        const mounted = await run(at, "mount", container);
        expect(mounted, mounted.said).toMatchObject({ code: 0 });
        const hello = readFileSync(join(mounted.stdout.trim(), "hello.txt"), "utf8");
        const format = ["--type", "image", "--format", "{{.FromImageDigest}}"];
        const digest = await run(at, "inspect", ...format, image.reference);
        await run(at, "rm", container);
        return { hello, digest: digest.stdout.trim() };
      },
      showsReason: true,
    });
  });
});
