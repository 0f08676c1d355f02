// The platform's logins leave a copy of what was there before; whatever else is in it stays.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scrubBackup } from "../../../src/docker/backup.ts";
import { scratch, uid } from "../store/scratch.ts";

const login = (pair: string): string => `{"auth":"${Buffer.from(pair).toString("base64")}"}`;
const [OWN, PLATFORM] = [login("me:mine"), login("demo-user:demo-password")];

function scrubbed(text: string): string {
  const path = join(scratch(), "config.json");
  writeFileSync(`${path}.before-ona`, text, { mode: 0o600 });
  scrubBackup(path, ({ credential }) => credential?.username === "demo-user", uid);
  return readFileSync(`${path}.before-ona`, "utf8");
}

describe("of a copy", () => {
  it("the platform's login leaves, wherever it stands", () => {
    const text = `{"auths":{"ghcr.io":${PLATFORM},"a.test":${OWN}},"Auths":{"ghcr.io":${PLATFORM}}}`;
    expect(scrubbed(text)).toBe(`{"auths":{"a.test":${OWN}},"Auths":{}}`);
  });

  it.each([
    `{"auths":{"ghcr.io":${OWN}},"Auths":{"ghcr.io":${PLATFORM}}}`,
    `{"auths":{"ghcr.io":${OWN},"ghcr.io":${PLATFORM}}}`,
    `{"auths":{"ghcr.io":${OWN}}}`,
    "not JSON",
  ])("nothing leaves with somebody's own login under the same key: %s", (text) => {
    expect(scrubbed(text)).toBe(text);
  });
});
