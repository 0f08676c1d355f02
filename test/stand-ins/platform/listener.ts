// One server on a loopback port that can go away and come back on the same port, http or https.
// It must never keep a process alive by an idle connection, nor listen on anything but 127.0.0.1.

import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** PEM texts. */
export interface Tls {
  key: string;
  cert: string;
}

export interface Listener {
  readonly origin: string;
  /** Refuses connections and resets the open ones. */
  goDown(): Promise<void>;
  comeUp(): Promise<void>;
}

export async function listen(handler: RequestListener, port = 0, tls?: Tls): Promise<Listener> {
  const server = tls === undefined ? createServer(handler) : await createTlsServer(handler, tls);
  const boundPort = await bind(server, port);
  return {
    origin: `${tls === undefined ? "http" : "https"}://127.0.0.1:${boundPort}`,
    goDown: () => unbind(server),
    comeUp: async () => {
      if (!server.listening) {
        await bind(server, boundPort);
      }
    },
  };
}

/** Loaded only when asked for: TLS is the slowest part of the start. */
async function createTlsServer(handler: RequestListener, tls: Tls): Promise<Server> {
  const https = await import("node:https");
  return https.createServer(tls, handler);
}

function bind(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function unbind(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
