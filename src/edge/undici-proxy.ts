// Undici's way through a proxy; see undici.ts.

import connect from "undici/lib/api/api-connect.js";
import Dispatcher from "undici/lib/dispatcher/dispatcher.js";
import ProxyAgent from "undici/lib/dispatcher/proxy-agent.js";

// undici's entry point gives every dispatcher this method; ProxyAgent opens its tunnels with it.
Dispatcher.prototype.connect = connect;

export { ProxyAgent };
