// @rest otherValues
import { expect, it } from "vitest";
import { dataCalls } from "./data/calls.js";
import { languageCalls, languageGround } from "./models/language-calls.js";
import { pageCalls } from "./pages/calls.js";
import { bare, named, refusals } from "./refusals.js";
import { indexCalls, indexGround, searchCalls } from "./search/calls.js";

const does = "%s does its work, or throws a short error of ours, with the other wrong values";
const LIMIT = { timeout: 600_000 };

it.each(named({ ...dataCalls, ...searchCalls, ...pageCalls }))(does, LIMIT, async (_, call) => {
  expect(await refusals(bare, call, "others")).toEqual([]);
});

it.each(named(indexCalls))(`index.${does}`, LIMIT, async (_, call) => {
  expect(await refusals(indexGround, call, "others")).toEqual([]);
});

it.each(named(languageCalls))(`CausalLanguageModel: ${does}`, LIMIT, async (_, call) => {
  expect(await refusals(languageGround, call, "others")).toEqual([]);
});
