// A set-up in order: no finding, a short screen of 80 columns, nothing changed, and the same facts as data.

import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { doctorMachine, ECR, GAR, TEAM } from "./doctor-machine.ts";

it("platform secret, Docker Hub, ECR and Artifact Registry: nothing is found", async () => {
  const at = await doctorMachine();
  const { findings, registries } = await at.report();
  expect(findings).toEqual([]);
  expect(registries.map(({ registry, login }) => [registry, login])).toEqual(
    [TEAM, "docker.io", ECR, GAR].map((key) => [key, { result: "accepted", status: null }]),
  );
});

it("the screen says so first, fits 80 columns and has no symbol or colour where there is no terminal", async () => {
  const at = await doctorMachine();
  const { stdout, stderr, code } = await at.doctor();
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  expect(stdout).toMatch(/^no findings\n/);
  expect(stdout).toMatch(/^[\x20-\x7e\n]+$/);
  expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  expect(stdout.split("\n").length).toBeLessThan(60);
});

it("a copy of the program on PATH is the program", async () => {
  const at = await doctorMachine();
  const copies = at.path("copies");
  mkdirSync(copies);
  copyFileSync(join(at.bin, "docker-credential-ona"), join(copies, "docker-credential-ona"));
  at.env.PATH = `${copies}:/usr/bin:/bin`;
  expect((await at.report()).findings).toEqual([]);
});

it("as configure leaves it, after pulls, and one registry by its image", async () => {
  const at = await doctorMachine();
  writeFileSync(at.dockerConfig, "{}");
  expect((await at.run(["configure"])).code).toBe(0);
  for (const host of [TEAM, ECR, GAR]) expect((await at.get(host)).code).toBe(0);
  expect((await at.report()).findings).toEqual([]);
  for (const image of [`${TEAM}/team/app:v1`, `${ECR}/team/app:v1`, `${GAR}/team/app:v1`, "team/app:v1"]) {
    const { findings, registries } = await at.report(image);
    expect(findings).toEqual([]);
    expect(registries[0]).toMatchObject({ image: { repository: "team/app", manifest: "readable" } });
  }
});
