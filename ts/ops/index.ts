/** Every operation, by the name of its `Graph` method. */
export * as ops from "./all.js";
