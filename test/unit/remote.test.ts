// Rounds in one process: each with a Local and a Remote of its own, of which nothing stays.

import { createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { HOST, inWords, refOf, SECOND_MS, TEAM, world } from "./sources/platform/platform-world.ts";

const NO_CACHE = { DOCKER_CREDENTIAL_ONA_NO_CACHE: "1" };

describe("close", () => {
  /** Sockets that are open at a server that passes everything on to `target`. */
  async function counted(target: string): Promise<{ url: string; open: Set<Socket> }> {
    const open = new Set<Socket>();
    const { connect } = await import("node:net");
    const server = createServer((socket) => {
      open.add(socket);
      const there = connect(Number(new URL(target).port), "127.0.0.1");
      socket
        .on("error", () => undefined)
        .on("close", () => {
          open.delete(socket);
          there.destroy();
        });
      there.on("error", () => socket.destroy());
      socket.pipe(there).pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const path = new URL(target).pathname;
    return { url: `http://127.0.0.1:${address.port}${path}`, open };
  }
  const until = async (isSo: () => boolean): Promise<void> => {
    for (let n = 0; !isSo() && n < 500; n += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(isSo()).toBe(true);
  };

  it("leaves no connection open", async () => {
    const w = await world();
    const { url, open } = await counted(w.platform.baseUrl);
    const remote = w.remote({ ...NO_CACHE, ONA_BASE_URL: url });
    expect(inWords(await remote.platform(refOf(HOST)))).toBe("demo:first");
    expect(open.size).toBe(1);
    remote.close();
    await until(() => open.size === 0);
  });

  it("ends a request that is on its way", async () => {
    const w = await world();
    await w.fail({ kind: "hang" });
    const { url, open } = await counted(w.platform.baseUrl);
    const remote = w.remote({ ...NO_CACHE, ONA_BASE_URL: url });
    const asked = remote.platform(refOf(HOST));
    await until(() => open.size === 1);
    remote.close();
    expect(inWords(await asked)).toBe("failed deadline");
    await until(() => open.size === 0);
    expect(w.requests()).toEqual(["GetEnvironment"]);
  });

  it("with a request on its way leaves no outage behind for other processes", async () => {
    const w = await world();
    await w.fail({ kind: "hang" });
    const remote = w.remote();
    const asked = remote.platform(refOf(HOST));
    await until(() => w.platform.journal.count() === 1);
    remote.close();
    await asked;
    await w.recover();
    expect(await w.get()).toBe("demo:first");
  });

  it("nothing is asked afterwards", async () => {
    const w = await world();
    const remote = w.remote(NO_CACHE);
    remote.close();
    expect(inWords(await remote.platform(refOf(HOST)))).toBe("failed deadline");
    expect(w.requests()).toEqual([]);
  });

  it("without a connection does nothing, as often as it likes", async () => {
    const remote = (await world()).remote();
    remote.close();
    remote.close();
  });
});

describe("the next round", () => {
  it("tries a token again that the platform refused", async () => {
    const w = await world({ env: NO_CACHE });
    await w.fail({ kind: "error", code: "unauthenticated" });
    expect(await w.get()).toBe("failed token-refused");
    await w.recover();
    expect(await w.get()).toBe("demo:first");
  });

  it("asks again what an earlier one asked for", async () => {
    const w = await world({ config: { freshSeconds: 0 }, env: NO_CACHE });
    expect(await w.ask()).toBe("demo:first (GetEnvironment GetSecretValue)");
    await w.change({ do: "setValue", secret: TEAM.name, value: "demo:second" });
    w.clock.advance(SECOND_MS);
    expect(await w.ask()).toBe("demo:second (GetEnvironment GetSecretValue)");
  });

  it("reads the configuration again", async () => {
    const w = await world();
    expect(await w.get()).toBe("demo:first");
    w.configure({ valueFormat: "plain", registries: { [HOST]: { source: "none" } } });
    expect(w.local().config.rules).toHaveLength(1);
  });
});
