/** Builds `dist/main.js` and its chunks. */
export function bundle(runtime?: string): Promise<unknown>;
