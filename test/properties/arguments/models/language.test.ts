import { describe, expect, it } from "vitest";
import { named, refusals } from "../refusals.js";
import { languageCalls, languageGround } from "./language-calls.js";

describe("CausalLanguageModel", () => {
  const calls = named(languageCalls);

  it.each(calls)("%s takes what is right", async (_, { args, run }) => {
    const scene = await languageGround.make();
    await run(scene, ...args(scene));
    languageGround.end(scene);
  });

  it.each(calls)("%s refuses what is wrong by name, and nothing has changed", async (_, call) => {
    expect(await refusals(languageGround, call)).toEqual([]);
  });
});
