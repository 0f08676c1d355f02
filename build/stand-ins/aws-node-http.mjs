// For a region and for defaults that are looked up; ours are given.

export const request = () => {
  throw new Error("node:http is not built in");
};
