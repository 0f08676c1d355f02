// gaxios is given a fetch of ours.

export default () => {
  throw new Error("node-fetch is not built in");
};
