// The few parts of undici that we use, taken from inside the package so that nothing else of it is loaded. Only the files
// of the edge that speak HTTP import this.

import request from "undici/lib/api/api-request.js";
import buildConnector from "undici/lib/core/connect.js";
import Agent from "undici/lib/dispatcher/agent.js";

export { Agent, buildConnector, request };
