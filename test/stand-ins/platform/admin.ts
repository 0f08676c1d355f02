// The admin endpoint for people with curl: change the state, script a fault, read the journal.
// It must only be opened on request: it hands out nothing secret, but it can change everything.

import type { RequestListener } from "node:http";
import type { JsonObject } from "./connect.ts";
import { readBody } from "./request.ts";
import type { PlatformChange } from "./seed.ts";
import type { Platform } from "./stand-in.ts";

const help = `stand-in platform, admin endpoint
  GET  /journal[?method=GetSecretValue]   requests so far, as JSON
  POST /<change>  {…}                     one change, such as
       curl $ADMIN/setValue -d '{"secret":"TEAM_REGISTRY","value":"user:new-password"}'
       curl $ADMIN/fault -d '{"fault":{"method":"GetSecretValue","times":2,"kind":"error","code":"unavailable"}}'
       curl $ADMIN/clearFaults -d '{}'
  POST /apply     [{"do":"goDown"}, …]    several changes in order
`;

export function adminHandler(platform: Platform): RequestListener {
  return (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://admin");
    const send = (status: number, type: string, text: string): void => {
      response.writeHead(status, { "content-type": type });
      response.end(text);
    };
    if (request.method === "POST") {
      readBody(request)
        .then((bytes) => platform.apply(...changes(pathname.slice(1), bytes.toString("utf8"))))
        .then(() => send(200, "application/json", '{"ok":true}\n'))
        .catch((error: Error) =>
          send(400, "application/json", `${JSON.stringify({ error: error.message })}\n`),
        );
      return;
    }
    if (pathname === "/journal") {
      const method = searchParams.get("method");
      const entries = method === null ? platform.journal.entries : platform.journal.of(method);
      send(200, "application/json", `${JSON.stringify(entries, null, 2)}\n`);
      return;
    }
    send(pathname === "/" ? 200 : 404, "text/plain", help);
  };
}

function changes(name: string, text: string): PlatformChange[] {
  const json: unknown = text.trim() === "" ? {} : JSON.parse(text);
  if (name === "apply") {
    // What it holds is checked when it is applied.
    return (Array.isArray(json) ? json : [json]) as PlatformChange[];
  }
  return [{ ...(json as JsonObject), do: name } as unknown as PlatformChange];
}
