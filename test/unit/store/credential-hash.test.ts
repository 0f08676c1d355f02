// One credential has one hash, whichever way a text of its length is hashed.

import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { Secret } from "../../../src/core/secret.ts";
import { credentialHash } from "../../../src/store/credential-hash.ts";

it.each([0, 1, 900, 985, 986, 987, 988, 1000, 1001, 2400, 100_000])(
  "a password of %i characters",
  (length) => {
    const password = "pä$".repeat(length).slice(0, length);
    const expected = createHash("sha256")
      .update(JSON.stringify(["AWS", password]))
      .digest("hex");
    expect(credentialHash({ username: "AWS", secret: new Secret(password) })).toBe(expected);
  },
);
