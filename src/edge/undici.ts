// The few parts of undici that we use, taken from inside the package so that nothing else of it is loaded. Only
// edge/http.ts imports this.

import connect from "undici/lib/api/api-connect.js";
import request from "undici/lib/api/api-request.js";
import Agent from "undici/lib/dispatcher/agent.js";
import Dispatcher from "undici/lib/dispatcher/dispatcher.js";
import ProxyAgent from "undici/lib/dispatcher/proxy-agent.js";

// undici's entry point gives every dispatcher this method; ProxyAgent opens its tunnels with it.
Dispatcher.prototype.connect = connect;

export { Agent, ProxyAgent, request };
