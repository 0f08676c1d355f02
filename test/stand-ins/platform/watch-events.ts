// EventService/WatchEvents: one JSON object a line for as long as the client listens, without any payload.
// It must never tell one environment of another, nor hold a stream for a client that has gone.

import type { ServerResponse } from "node:http";
import { type Call, refuse, requireUuid } from "./call.ts";
import { ConnectFailure, type JsonObject, message } from "./connect.ts";
import { stringField } from "./request.ts";

export const watchEventsPath = "gitpod.v1.EventService/WatchEvents";

interface Watcher {
  readonly response: ServerResponse;
  /** Undefined: watches the organization. */
  readonly environment: string | undefined;
}

export class EventHub {
  readonly #watchers = new Set<Watcher>();
  readonly #headers: "at-once" | "first-event";

  constructor(headers: "at-once" | "first-event") {
    this.#headers = headers;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  open(response: ServerResponse, environment: string | undefined): void {
    if (response.destroyed) {
      return;
    }
    const watcher = { response, environment };
    this.#watchers.add(watcher);
    response.once("close", () => this.#watchers.delete(watcher));
    response.writeHead(200, { "content-type": "application/jsonl" });
    if (this.#headers === "at-once") {
      response.flushHeaders();
    }
  }

  /** `environment` undefined: an event of the organization's, which those who watch an environment do not see. */
  publish(event: JsonObject, environment: string | undefined): void {
    for (const { response, environment: watched } of this.#watchers) {
      const isMeant = watched === undefined || watched === environment;
      if (isMeant) {
        response.write(`${JSON.stringify(event)}\n`);
      }
    }
  }

  end(reset: boolean): void {
    for (const { response } of this.#watchers) {
      if (reset) {
        response.destroy();
      } else {
        response.end();
      }
    }
  }
}

export function resourceEvent(operation: string, type: string, resourceId: string): JsonObject {
  return message({
    operation: `RESOURCE_OPERATION_${operation}`,
    resourceType: `RESOURCE_TYPE_${type}`,
    resourceId,
  });
}

/** The environment that the request is about; undefined: the organization. Throws what the platform refuses. */
export function watchedEnvironment({ state, subject, body }: Call): string | undefined {
  const id = stringField(body, "environmentId");
  const organization = body.organization ?? false;
  if (typeof organization !== "boolean") {
    throw new ConnectFailure("invalid_argument", 'unmarshal message: wrong type for "organization"');
  }
  if (id !== "" && organization) {
    throw new ConnectFailure("invalid_argument", "unmarshal message: oneof scope is already set");
  }
  if (subject.principal === "none" || subject.principal === "account") {
    throw refuse();
  }
  if (id === "") {
    // An environment is no member of the organization.
    if (subject.principal === "environment") {
      throw refuse();
    }
    return undefined;
  }
  requireUuid(id, "environment_id");
  if (subject.principal === "environment" && subject.id !== id) {
    throw refuse();
  }
  if (!state.environments.some((environment) => environment.id === id)) {
    throw new ConnectFailure("not_found", "environment not found");
  }
  return id;
}
