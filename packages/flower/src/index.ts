export { FederationError } from "./federation-error.js";
export { joinFederation } from "./join-federation.js";
export type { FederationReport } from "./join-with.js";
export type { FederationEvent, FederationListener, JoinOptions, NodeOptions } from "./join-options.js";
export type { TaskJoinOptions } from "./task-options.js";
export type { ClassifierClass, RoundClassifier } from "./rounds/classifier-class.js";
export { createNodeKey } from "./wire/node-key.js";
export type { NodeKey } from "./wire/node-key.js";
