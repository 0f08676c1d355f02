// Whether system calls can be looked at here. Where strace may not trace, a line says that the look is left out; in CI it
// has to be there.

import { execFileSync } from "node:child_process";

export function mayTrace(whatIsLeftOut: string): boolean {
  if (process.env.CI === "true") return true;
  try {
    execFileSync("strace", ["-f", "-o", "/dev/null", "true"], { stdio: "ignore" });
    return true;
  } catch {
    console.log(`no strace that may trace: ${whatIsLeftOut}`);
    return false;
  }
}
