// The screens in docs/doctor.md are what the program prints: made in a set-up of the stand-ins, with the names of a usual
// machine in place of the test's own. `UPDATE_DOCS=1` writes them.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { examine, type Report } from "../../src/commands/doctor/examine.ts";
import { makeScene } from "../../src/commands/doctor/scene.ts";
import { showReport } from "../../src/commands/doctor/screen.ts";
import type { Invocation } from "../../src/commands/invocation.ts";
import { readAuthFiles } from "../../src/docker/auth-files.ts";
import { systemClock } from "../../src/edge/clock.ts";
import { createOutput } from "../../src/edge/output.ts";
import { repository } from "../support/builds.ts";
import { type DoctorMachine, doctorMachine, TEAM } from "./doctor-machine.ts";

const PAGE = join(repository, "docs/doctor.md");

/** The report of this process, in a set-up of the test. */
async function reportOf(at: DoctorMachine): Promise<Report> {
  const context = { env: at.env, uid: process.geteuid?.() ?? 0, clock: systemClock };
  const invocation = {
    context,
    helperNames: ["ona"],
    executable: join(at.bin, "docker-credential-ona"),
    trace: () => undefined,
  } as unknown as Invocation;
  const scene = makeScene(invocation);
  const report = await examine(
    scene,
    readAuthFiles(at.env, scene.directories, context.uid),
    [],
    () => undefined,
  );
  scene.remote.close();
  return report;
}

/** What differs from run to run and from machine to machine. */
function asOnAnyMachine(report: Report, at: DoctorMachine): Report {
  const names: readonly (readonly [string | RegExp, string])[] = [
    [at.bin, "/usr/local/bin"],
    [at.home, "/home/vscode"],
    [at.runtime, "/run/user/1000"],
    [at.path("ca.pem"), "/etc/ssl/acme.pem"],
    [at.platform.baseUrl, "https://app.gitpod.io/api"],
    [at.env.HTTPS_PROXY ?? "", "http://proxy.acme.example:3128"],
    [/^\S+ \(from source\)$/, "0.1.0 (bun 1.4.5, linux-x64)"],
    [/in \d+ ms/, "in 41 ms"],
    [/user \d+\)/, "user 1000)"],
    [/^\d+ from \/etc\S+$/, "144 from /etc/ssl/certs/ca-certificates.crt"],
    [/"value":"reached directly/, '"value":"reached through the proxy'],
    [/made \d+ s ago/, "made 20 h ago"],
    [/for another \d+ s/, "for another 48 s"],
    [/was asked \d+ s ago/, "was asked 12 s ago"],
  ];
  return JSON.parse(JSON.stringify(report), (_, value: unknown) =>
    typeof value === "string"
      ? names.reduce(
          (text, [from, to]) => text.replaceAll(typeof from === "string" ? from : new RegExp(from, "g"), to),
          value,
        )
      : value,
  ) as Report;
}

function screen(report: Report): string {
  let text = "";
  const target = {
    write: (_: 1 | 2, more: string) => {
      text += more;
    },
    isTerminal: () => true,
    columns: () => 80,
  };
  showReport(report, createOutput({ NO_COLOR: "1" }, target));
  return `\`\`\`\n${text}\`\`\`\n`;
}

function expectOnPage(name: string, text: string): void {
  const page = readFileSync(PAGE, "utf8");
  const [, before = "", there, after = ""] =
    new RegExp(`^([\\s\\S]*<!-- ${name}: [^>]*-->\n)([\\s\\S]*)(<!-- end of ${name} -->[\\s\\S]*)$`).exec(
      page,
    ) ?? [];
  if (process.env.UPDATE_DOCS === "1") writeFileSync(PAGE, before + text + after);
  else expect(there, "UPDATE_DOCS=1 writes it").toBe(text);
}

const HOSTS = ["https://index.docker.io/v1/", TEAM];

it("a healthy set-up, on a terminal of 80 columns", async () => {
  const at = await doctorMachine();
  for (const host of HOSTS) await at.get(host);
  const report = asOnAnyMachine(await reportOf(at), at);
  expect(report.findings).toEqual([]);
  const text = screen(report);
  expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
  expectOnPage("screen", text);
});

it("a login by hand that has expired", async () => {
  const at = await doctorMachine();
  await at.store(TEAM, "me", "c4nary-mine");
  const report = asOnAnyMachine(await reportOf(at), at);
  const text = screen({ ...report, sections: [], registries: [] });
  expectOnPage("broken", text.replace(/\nSet-up\n[\s\S]*$/, "```\n"));
});
