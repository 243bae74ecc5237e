export * from "./index.js";
export { joinFederation } from "./node/index.js";
export type { NodeJoinOptions } from "./node/index.js";
