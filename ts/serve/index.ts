export { AdapterServer } from "./adapter-server.js";
export type { ServerStatus } from "./adapter-server.js";
export type { AdapterStore } from "./adapter-store.js";
export type { Operation } from "./request-fields.js";
export type { ProblemCode } from "./problem.js";
export type { AuthorizedFor, ServeOptions } from "./serve-options.js";
