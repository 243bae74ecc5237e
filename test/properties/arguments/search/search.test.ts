import { expect, it } from "vitest";
import { bare, named, refusals } from "../refusals.js";
import { indexCalls, indexGround, searchCalls } from "./calls.js";

it.each(named(searchCalls))("%s takes what is right", async (_, { args, run }) => {
  await run(undefined, ...args());
});

it.each(named(searchCalls))("%s does its work, or throws a short error of ours, whatever comes", async (_, call) => {
  expect(await refusals(bare, call)).toEqual([]);
});

it.each(named(indexCalls))("index.%s takes what is right", async (_, { args, run }) => {
  const index = await indexGround.make();
  await run(index, ...args(index));
  indexGround.end(index);
});

it.each(named(indexCalls))(
  "index.%s does its work, or throws a short error of ours and changes nothing",
  async (_, call) => {
    expect(await refusals(indexGround, call)).toEqual([]);
  },
);
