// The few parts of undici that we use, taken from inside the package so that nothing else of it is loaded. Only
// edge/http.ts imports this.

import request from "undici/lib/api/api-request.js";
import Agent from "undici/lib/dispatcher/agent.js";
import ProxyAgent from "undici/lib/dispatcher/proxy-agent.js";

export { Agent, ProxyAgent, request };
