// A proxy that notes what it was asked for. It leads every name to one port of this machine, or nowhere.

import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

export interface RecordingProxy {
  readonly url: string;
  /** `CONNECT host:port`, or `GET url`, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

export async function startRecordingProxy(targetPort?: number): Promise<RecordingProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(502).end();
  });
  server.on("connect", (request, client: Socket, head: Buffer) => {
    asked.push(`CONNECT ${request.url}`);
    if (targetPort === undefined) {
      client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
      return;
    }
    const upstream = connect(targetPort, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [upstream, client]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, asked, close };
}
