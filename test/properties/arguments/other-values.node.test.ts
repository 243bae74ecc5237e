// @rest otherValues
import { expect, it } from "vitest";
import { engineCalls } from "./engine/calls.js";
import { federatedCalls } from "./federated/calls.js";
import { jobCalls } from "./jobs/calls.js";
import { makeFolders, nodeCalls } from "./node/calls.js";
import { bare, named, refusals } from "./refusals.js";

const does = "%s does its work, or throws a short error of ours, with the other wrong values";
const LIMIT = { timeout: 600_000 };

it.each(named({ ...engineCalls, ...federatedCalls, ...jobCalls }))(does, LIMIT, async (_, call) => {
  expect(await refusals(bare, call, "others")).toEqual([]);
});

it.each(named(nodeCalls))(does, LIMIT, async (_, call) => {
  expect(await refusals({ make: makeFolders, state: () => "", end: () => undefined }, call, "others")).toEqual([]);
});
