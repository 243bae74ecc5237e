export type { SplitOptions } from "./parts/assign.js";
export type { Column } from "./row.js";
export type { Example } from "./example.js";
export { foldExamples, splitExamples } from "./parts/split.js";
export { exampleFormat, placeIn, sortLabels } from "./example.js";
export type { ExampleFormat, LocatedExample } from "./example.js";
export { readExamples, readTexts } from "./read.js";
export type { ExampleColumns, ReadExamples, ReadOptions } from "./read.js";
export { decodeText, LONGEST_TEXT } from "./text-encoding.js";
