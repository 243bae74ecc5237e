import { expect, it } from "vitest";
import { bare, named, refusals } from "../refusals.js";
import { engineCalls } from "./calls.js";

it.each(named(engineCalls))("%s does its work, or throws a short error of ours, whatever comes", async (_, call) => {
  expect(await refusals(bare, call)).toEqual([]);
});
