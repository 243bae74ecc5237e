import "./workerd.js";

export * from "../jobs/index.js";
