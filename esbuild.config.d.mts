/** Builds `dist/main.js`, `dist/program.js` and its chunks. */
export function bundle(runtime?: string): Promise<void>;
/** Builds the whole program as the one file `outfile`. */
export function bundleInOne(outfile: string, runtime: string): Promise<void>;
