// All that undici uses of node:assert, which costs a millisecond and a half to load.
module.exports = (holds, message) => {
  if (!holds) throw message instanceof Error ? message : new Error(message ?? "assertion failed in undici");
};
