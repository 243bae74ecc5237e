export * from "./index.js";
export { joinFederation } from "./node/index.js";
export type { NodeJoinOptions, NodeTaskJoinOptions } from "./node/index.js";
