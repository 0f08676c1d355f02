// RunnerService/GetRunner: which cloud an environment runs in, and what its runner can do.
// It must never tell an environment about any runner but its own.

import { type Call, refuse, requireUuid } from "./call.ts";
import { ConnectFailure, type JsonObject, message } from "./connect.ts";
import { ids } from "./ids.ts";
import { stringField } from "./request.ts";

export function getRunner({ state, subject, body }: Call): JsonObject {
  const id = stringField(body, "runnerId");
  requireUuid(id, "runner_id");
  const environment = state.environments.find((candidate) => candidate.id === subject.id);
  const ownRunner = environment?.seed.runnerId ?? ids.runner;
  const isOther = subject.principal === "environment" && id !== ownRunner;
  if (isOther || subject.principal === "none" || subject.principal === "account") {
    throw refuse();
  }
  const runner = state.runners.find((candidate) => (candidate.id ?? ids.runner) === id);
  if (runner === undefined) {
    throw new ConnectFailure("not_found", "runner not found");
  }
  return message({
    runner: message({
      runnerId: id,
      name: runner.name ?? "stand-in",
      kind: "RUNNER_KIND_REMOTE",
      provider: runner.provider ?? "RUNNER_PROVIDER_AWS_EC2",
      status: message({
        phase: "RUNNER_PHASE_ACTIVE",
        region: runner.region ?? "eu-central-1",
        capabilities: runner.capabilities ?? ["RUNNER_CAPABILITY_SECRET_CONTAINER_REGISTRY"],
      }),
    }),
  });
}
