// The few parts of undici that we use, taken from inside the package so that nothing else of it is loaded; its proxies and
// its parser have files of their own. Only edge/http.ts imports this.

import request from "undici/lib/api/api-request.js";
import Agent from "undici/lib/dispatcher/agent.js";

export { Agent, request };
