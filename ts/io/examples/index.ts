export type { Column } from "./columns.js";
export type { Example } from "./example.js";
export { exampleFormat, parseExamples, parseTexts, sortLabels } from "./parse.js";
export type { ExampleFormat, ExampleOptions, Examples, TextOptions } from "./parse.js";
export { splitExamples } from "./split.js";
