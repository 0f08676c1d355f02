// Every AWS client is given its keys; the chain that would look for them by itself is not built in.

export const defaultProvider = () => () => {
  throw new Error("AWS's default chain is not built in");
};
