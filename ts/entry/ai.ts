// Here, since rollup orders scripts by their entries' paths, and in the order from `ts/cli` on a page's first script is smaller.
export * from "../ai/index.js";
