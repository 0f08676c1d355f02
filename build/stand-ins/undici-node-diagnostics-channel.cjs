// There is no subscriber in this program.
module.exports = { channel: () => ({ hasSubscribers: false }) };
