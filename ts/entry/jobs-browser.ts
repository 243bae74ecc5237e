import "./browser.js";

export * from "../jobs/index.js";
