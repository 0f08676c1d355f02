// Keeps the clouds' libraries from printing: they warn on the console and through process warnings, and one of them
// can be told by a variable to print tokens. Our own words never go through the console.

export function silenceLibraries(): void {
  const nothing = (): void => undefined;
  Object.assign(console, {
    debug: nothing,
    error: nothing,
    info: nothing,
    log: nothing,
    trace: nothing,
    warn: nothing,
  });
  process.emitWarning = nothing;
  delete process.env.GOOGLE_SDK_NODE_LOGGING;
}
