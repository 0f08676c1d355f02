// Undici requires it at the first connection that needs it, and edge/trust.ts has imported it by then.
module.exports = process.getBuiltinModule("node:tls");
