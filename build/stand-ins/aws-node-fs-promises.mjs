// For the shared files only, which most machines do not have: loaded when one is read.

export const readFile = async (...call) => (await import("node:fs/promises")).readFile(...call);
