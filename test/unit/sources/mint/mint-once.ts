// A program for mint-quiet.test.ts: mints once with the environment it was started in, and says nothing at all. It
// goes round edge/silence-libraries.ts: the clients themselves must have nothing to say.
// argv: the plan as JSON. Exit code 0 when a token was had.

import type { MintPlan } from "../../../../src/core/identity.ts";
import { Secret } from "../../../../src/core/secret.ts";
import { deadlineAfter, systemClock } from "../../../../src/edge/clock.ts";
import { createHttp } from "../../../../src/edge/http.ts";
import { mintEcr } from "../../../../src/sources/aws/ecr.ts";
import { mintGoogle } from "../../../../src/sources/google/gar.ts";
import { OTHER_CLOUDS } from "../../../../src/sources/mint/other-clouds.ts";

const deadline = deadlineAfter(systemClock, 10_000);
const http = createHttp({ env: process.env, deadline, trace: () => undefined });
const plan = JSON.parse(process.argv[2] ?? "") as MintPlan;
const token = await (plan.cloud.kind === "gar" ? mintGoogle : mintEcr)(plan, {
  env: process.env,
  home: process.env.HOME,
  clock: systemClock,
  deadline,
  http,
  trace: () => undefined,
  idToken: async () => new Secret(process.env.TEST_ID_TOKEN ?? ""),
  others: OTHER_CLOUDS,
}).catch(() => undefined);
http.close();
process.exitCode = token === undefined ? 1 : 0;
