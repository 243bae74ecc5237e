export * from "../federated/index.js";
export { joinFederation } from "../federated/node/index.js";
export type { NodeJoinOptions } from "../federated/node/index.js";
