import { expect, it } from "vitest";
import * as node from "../../ts/entry/node.js";
import * as everywhere from "../../ts/index.js";
import { dataCalls } from "./data/calls.js";
import { functionCalls } from "./function-calls.js";
import { classifierCalls, encoderCalls, modelCalls } from "./models/calls.js";
import { nodeCalls } from "./node/calls.js";

/** Classes whose methods have a table of their own. */
const classes = { SentenceEncoder: encoderCalls, TextClassifier: classifierCalls };
/** What starts an engine: test/engine/options.test.ts. */
const engine = ["createEngine", "init", "engineInfo"];

const tables = [functionCalls, dataCalls, modelCalls, nodeCalls, classes];
const covered = new Set([...tables.flatMap((table) => Object.keys(table)), ...engine]);

const isError = (value: unknown) => typeof value === "function" && value.prototype instanceof Error;

it.each([
  ["ts/index.ts", everywhere],
  ["ts/entry/node.ts", node],
])("every value that %s exports is called with wrong arguments in some table", (_, api) => {
  const names = Object.entries(api).filter(([, value]) => !isError(value));
  expect(names.length).toBeGreaterThan(30);
  expect(names.map(([name]) => name).filter((name) => !covered.has(name))).toEqual([]);
});
