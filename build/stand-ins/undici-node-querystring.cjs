// For queries that are objects; ours are strings.
module.exports = require("./absent.cjs")("node:querystring");
