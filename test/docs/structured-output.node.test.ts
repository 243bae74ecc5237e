import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { CausalLanguageModel } from "../../ts/index.js";
import { changedJson, decoderFiles } from "../models/language/golden-decoder.js";
import { example } from "./examples.js";

it("docs/language-models.md's structured output is JSON of its schema", async () => {
  const files = changedJson(await decoderFiles("qwen2"), "config.json", { max_position_embeddings: 2048 });
  using model = await CausalLanguageModel.load(files);
  const code = example(readFileSync(join(root, "docs/language-models.md"), "utf8"), "structured-output");
  const AsyncFunction = (async () => {}).constructor as new (...parts: string[]) => (model: unknown) => Promise<object>; // prettier-ignore
  const film = await new AsyncFunction("model", `${code}\nreturn film;`)(model);
  expect(film).toEqual({
    title: expect.any(String),
    year: expect.any(Number),
    mood: expect.stringMatching(/^(sad|happy)$/),
  });
});
