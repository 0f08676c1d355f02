// gaxios makes no agent: our HTTP edge knows the proxy.

export const HttpsProxyAgent = () => {
  throw new Error("https-proxy-agent is not built in");
};
