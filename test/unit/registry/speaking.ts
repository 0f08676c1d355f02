// A registry on loopback that speaks plain http and says whatever a test wants; who greets it with TLS is cut off, as by any
// plain server.

import { type AddressInfo, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface Speaking {
  readonly port: number;
  readonly origin: string;
  readonly heads: readonly string[];
  connections(): number;
}

const TLS_HANDSHAKE = 0x16;

/** `speak` is called once for each request head. */
export async function speaking(speak: (socket: Socket, head: string) => void): Promise<Speaking> {
  const heads: string[] = [];
  let count = 0;
  const server = createServer((socket) => {
    let text = "";
    count += 1;
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes: Buffer) => {
      if (bytes[0] === TLS_HANDSHAKE) {
        socket.destroy();
        return;
      }
      text += bytes.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      heads.push(text.slice(0, end));
      text = text.slice(end + 4);
      speak(socket, heads.at(-1) ?? "");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { port, origin: `http://127.0.0.1:${port}`, heads, connections: () => count };
}
