// We speak HTTP/1.1 only.
module.exports = require("./absent.cjs")("HTTP/2");
