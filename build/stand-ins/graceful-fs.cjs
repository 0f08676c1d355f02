// store/proper-lockfile.ts hands over the functions that the lock library calls.
module.exports = require("./absent.cjs")("graceful-fs");
