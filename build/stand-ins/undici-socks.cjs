// A SOCKS proxy is refused before undici sees it.
module.exports = require("./absent.cjs")("SOCKS");
