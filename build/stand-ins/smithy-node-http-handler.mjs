// Every AWS client is given a handler that sends through our HTTP edge; this stands where its default would be made.

export const NodeHttpHandler = { create: (handler) => handler };

export { streamCollector } from "@smithy/core/serde";
