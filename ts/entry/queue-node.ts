import "./remote-node.js";

export * from "../queue/index.js";
