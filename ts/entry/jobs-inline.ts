import "./inline.js";

export * from "../jobs/index.js";
