// What is there without being imported.

export const { env, versions } = process;
