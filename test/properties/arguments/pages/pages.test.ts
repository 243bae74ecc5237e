import { expect, it } from "vitest";
import { bare, named, refusals } from "../refusals.js";
import { pageCalls } from "./calls.js";

it.each(named(pageCalls))("%s takes what is right", async (_, { args, run }) => {
  await run(undefined, ...args());
});

it.each(named(pageCalls))("%s does its work, or throws a short error of ours, whatever comes", async (_, call) => {
  expect(await refusals(bare, call)).toEqual([]);
});
