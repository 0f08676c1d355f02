// For client certificates in a credential file, which are refused before, and for gaxios, which makes no agent.
module.exports = { Agent: undefined };
