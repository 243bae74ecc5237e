export type * from "./data-summary.js";
export { summariseExamples } from "./summarise.js";
export type { SummaryOptions } from "./summarise.js";
export type { Parts, Survey, SurveyExample } from "./survey.js";
export type { TokenCounter } from "./script-tokens.js";
