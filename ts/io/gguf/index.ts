export type { GgufNumbers, GgufValue } from "./metadata.js";
export { openGguf } from "./open.js";
export type { GgufFile, GgufTensorInfo } from "./open.js";
