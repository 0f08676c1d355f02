// One constant, and one class that no body of ours is of. Node's HTTP takes longer to load than a whole warm answer.
module.exports = { maxHeaderSize: 16384, IncomingMessage: class {} };
