// Proxies and certificate files: what the variables say, and how many certificates each file gave.

import type { Seen } from "../../core/findings.ts";
import { setting } from "../../core/setting.ts";
import { CA_VARIABLES } from "../../edge/ca-files.ts";
import { certificatesIn, systemBundle } from "../../edge/trust.ts";
import type { Checked, Fact } from "./check.ts";
import { printable } from "./check.ts";
import type { Scene } from "./scene.ts";

const PROXY_VARIABLES = [
  "https_proxy",
  "HTTPS_PROXY",
  "http_proxy",
  "HTTP_PROXY",
  "no_proxy",
  "NO_PROXY",
] as const;

export function checkNetwork({ context }: Scene): Checked {
  const { env } = context;
  const proxies = PROXY_VARIABLES.flatMap((name) => {
    const value = setting(env[name]);
    return value ? [{ name, value: /no_proxy/i.test(name) ? printable(value) : shownProxy(value) }] : [];
  });
  const files = CA_VARIABLES.flatMap((name) => {
    const path = setting(env[name]);
    return path ? [{ name: name as string, path, count: certificatesIn(path)?.length }] : [];
  });
  const system = systemBundle();
  const all =
    system === undefined
      ? files
      : [...files, { name: "system", path: system, count: certificatesIn(system)?.length }];
  const facts: Fact[] = [
    {
      name: "proxy",
      value: proxies.length === 0 ? "none" : `${proxies[0]?.name}=${proxies[0]?.value}`,
      details: proxies.slice(1).map(({ name, value }) => `${name}=${value}`),
    },
    {
      name: "certificates",
      value: "the built-in ones",
      details: all.map(
        ({ name, path, count }) =>
          `${countWords(count)} from ${name === "system" ? "" : `${name}, `}${printable(path)}`,
      ),
    },
  ];
  return {
    facts,
    data: {
      proxies: Object.fromEntries(proxies.map(({ name, value }) => [name, value])),
      certificateFiles: all.map(({ name, path, count }) => ({
        from: name,
        path,
        certificates: count ?? null,
      })),
    },
    seen: files.flatMap(unusable),
  };
}

function unusable({
  name,
  path,
  count,
}: {
  name: string;
  path: string;
  count: number | undefined;
}): readonly Seen[] {
  if (count !== undefined && count > 0) return [];
  const reason = count === undefined ? "cannot be read" : "holds no certificate";
  return [
    {
      code: "ca-file-unusable",
      severity: "error",
      subject: name,
      message: `${name} names ${printable(path)}, which ${reason}`,
    },
  ];
}

const countWords = (count: number | undefined): string =>
  count === undefined ? "none (it cannot be read)" : `${count}`;

/** A proxy's address without its user and password. */
export function shownProxy(proxy: string): string {
  return printable(proxy.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^@/]*@/i, "$1"));
}
