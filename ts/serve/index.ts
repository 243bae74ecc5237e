export { AdapterServer } from "./adapter-server.js";
export type { ServerStatus } from "./adapter-server.js";
export type { AdapterStore } from "./adapter-store.js";
export type { Operation } from "./request-fields.js";
export type { ProblemCode } from "./problem.js";
export type { AuthorizedFor, ServeOptions } from "./serve-options.js";
export { languageServer } from "./openai/language-server.js";
export type { LanguageServer } from "./openai/language-server.js";
export type { LanguageServerOptions } from "./openai/language-server-options.js";
