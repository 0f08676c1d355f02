// A set-up in order: no finding, a short screen of 80 columns, nothing changed, and the same facts as data.

import { expect, it } from "vitest";
import { doctorBed, ECR, GAR, TEAM } from "./doctor-bed.ts";

it("platform secret, Docker Hub, ECR and Artifact Registry: nothing is found", async () => {
  const at = await doctorBed();
  const { findings, registries } = await at.report();
  expect(findings).toEqual([]);
  expect(registries.map(({ registry, login }) => [registry, login])).toEqual(
    [TEAM, "docker.io", ECR, GAR].map((key) => [key, { result: "accepted", status: null }]),
  );
});

it("the screen says so first, fits 80 columns and has no symbol or colour where there is no terminal", async () => {
  const at = await doctorBed();
  const { stdout, stderr, code } = await at.run(["doctor"]);
  console.log(stdout);
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  expect(stdout).toMatch(/^no findings\n/);
  expect(stdout).toMatch(/^[\x20-\x7e\n]+$/);
  expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  expect(stdout.split("\n").length).toBeLessThan(60);
});
