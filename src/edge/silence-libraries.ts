// Keeps the clouds' libraries from printing: they warn on the console and through process warnings, and one of them
// can be told by a variable to print tokens. Our own words never go through the console. What they look up in the
// user's home directory they find by HOME, so the home that counts is put there.

export function prepareForLibraries(home: string | undefined): void {
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
  if (home !== undefined) process.env.HOME = home;
}
