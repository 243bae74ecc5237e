export * from "./index.js";
export { joinFederation } from "./node/index.js";
export type { NodeJoinOptions, TaskJoinOptions } from "./node/index.js";
