// What a part of a library becomes that this program never reaches: anything that is asked of it is a function that throws.

module.exports = (what) => {
  const absent = () => {
    throw new Error(`${what} is not built in`);
  };
  return new Proxy(absent, { get: () => absent });
};
