import { expect, it } from "vitest";
import * as jobs from "../../../ts/entry/jobs-node.js";
import * as graph from "../../../ts/entry/graph.js";
import * as node from "../../../ts/entry/node.js";
import * as everywhere from "../../../ts/index.js";
import { dataCalls } from "./data/calls.js";
import { engineCalls } from "./engine/calls.js";
import { functionCalls } from "./function-calls.js";
import { jobCalls } from "./jobs/calls.js";
import { classifierCalls, encoderCalls, modelCalls } from "./models/calls.js";
import { languageCalls } from "./models/language-calls.js";
import { nodeCalls } from "./node/calls.js";
import { pageCalls } from "./pages/calls.js";
import { indexCalls, searchCalls } from "./search/calls.js";

/** Classes whose methods have a table of their own. */
const classes = {
  CausalLanguageModel: languageCalls,
  SearchIndex: indexCalls,
  SentenceEncoder: encoderCalls,
  TextClassifier: classifierCalls,
};
/** What starts an engine: test/engine/options.test.ts. */
const engine = ["init", "engineInfo"];

const tables = [
  functionCalls,
  dataCalls,
  modelCalls,
  nodeCalls,
  pageCalls,
  jobCalls,
  engineCalls,
  searchCalls,
  classes,
];
const covered = new Set([...tables.flatMap((table) => Object.keys(table)), ...engine]);

const isError = (value: unknown) => typeof value === "function" && value.prototype instanceof Error;

it.each([
  ["ts/index.ts", everywhere, 30],
  ["ts/entry/graph.ts", graph, 5],
  ["ts/entry/node.ts", node, 30],
  ["ts/entry/jobs-node.ts", jobs, 3],
] as const)("every value that %s exports is called with wrong arguments in some table", (_, api, least) => {
  const names = Object.entries(api).filter(([, value]) => !isError(value));
  expect(names.length).toBeGreaterThan(least);
  expect(names.map(([name]) => name).filter((name) => !covered.has(name))).toEqual([]);
});
