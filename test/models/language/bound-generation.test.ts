import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  CausalLanguageModel,
  ConfigError,
  NonFiniteError,
  readSafetensors,
  UnsupportedError,
  writeSafetensors,
} from "../../../ts/index.js";
import type { GenerateOptions } from "../../../ts/models/language/generate-options.js";
import { all, changedJson, decoderAdapter, decoderFiles } from "./golden-decoder.js";

let model: CausalLanguageModel;
const prompt = "What is";
const person = {
  type: "object",
  properties: {
    name: { type: "string", minLength: 1, maxLength: 5 },
    age: { type: "integer", minimum: 0, maximum: 150 },
    tags: { type: "array", items: { enum: ["a", "bc", 'de"f'] }, maxItems: 2 },
  },
  required: ["name", "age"],
};
const seeds = Array.from({ length: 12 }, (_, seed) => seed);

/** The text, its ids and why it ended. */
async function answer(options: GenerateOptions, from = model) {
  const tokens = await all(from.generateTokens(prompt, { maxTokens: 88, ...options }));
  return {
    text: tokens.map(({ text }) => text).join(""),
    ids: tokens.map(({ id }) => id),
    end: tokens.at(-1)!.end,
    tokens,
  };
}

function expectPerson(text: string): void {
  const value = JSON.parse(text) as { name: string; age: number; tags?: string[] };
  expect(JSON.stringify(value)).toBe(text.replaceAll(/\\u[0-9a-fA-F]{4}|\\\//g, (escape) => JSON.stringify(JSON.parse(`"${escape}"`)).slice(1, -1))); // prettier-ignore
  expect(Object.keys(value)).toEqual(value.tags === undefined ? ["name", "age"] : ["name", "age", "tags"]);
  expect(value.age >= 0 && value.age <= 150 && Number.isInteger(value.age)).toBe(true);
  expect((value.tags ?? []).every((tag) => ["a", "bc", 'de"f'].includes(tag))).toBe(true);
}

beforeAll(async () => {
  model = await CausalLanguageModel.load(await decoderFiles("qwen2"));
  model.loadAdapter("own", await decoderAdapter("qwen2"));
  model.setAdapter(null);
});
afterAll(() => model?.dispose());

describe("a generation in a format", () => {
  it("is JSON of the schema, whatever is sampled", async () => {
    for (const seed of seeds) {
      const sampling = [
        {},
        { temperature: 1 },
        { temperature: 2, topK: 3 },
        { temperature: 1, topP: 0.5, repetitionPenalty: 1.5 },
      ];
      const { text, end } = await answer({ schema: person, seed, ...sampling[seed % 4] });
      expect(end).toBe("end-of-text");
      expectPerson(text);
    }
  });

  it("is one of the choices, or matches the expression", async () => {
    for (const seed of seeds) {
      const one = await answer({ choices: ["yes", "no", "not at all"], temperature: 3, seed });
      expect(["yes", "no", "not at all"]).toContain(one.text);
      const matching = await answer({ regex: "(\\d{3}-)+[A-Cx]{2}", temperature: 1, seed });
      if (matching.end === "end-of-text") expect(matching.text).toMatch(/^(\d{3}-)+[A-Cx]{2}$/);
      else
        expect([matching.end, matching.text]).toEqual([
          "max-tokens",
          expect.stringMatching(/^(\d{3}-)+\d{0,2}[A-Cx]?$/),
        ]);
    }
  });

  it("allows no other token, however large the repetition penalty", async () => {
    for (const temperature of [0, 1])
      for (const letter of "qxz7~") {
        const ids = [1, 2, 3, 4, 6, 8].flatMap((count) => [...model.tokenizer!.encode(letter.repeat(count))]);
        const logitBias = Object.fromEntries(ids.map((id) => [id, -50]));
        const { text } = await answer({ regex: `${letter}{12}`, temperature, repetitionPenalty: 3e38, logitBias });
        expect(text).toBe(letter.repeat(12));
      }
  });

  it("is cut by maxTokens, and still begins as one", async () => {
    const whole = await answer({ schema: person, temperature: 1, seed: 5 });
    const cut = await answer({ schema: person, temperature: 1, seed: 5, maxTokens: 7 });
    expect(cut.end).toBe("max-tokens");
    expect(cut.ids).toEqual(whole.ids.slice(0, 7));
    // The last token that fits completes it.
    const exact = await answer({ schema: person, temperature: 1, seed: 5, maxTokens: whole.ids.length });
    expect(exact.end).toBe("end-of-text");
  });

  it("in a batch of several formats and adapters gives each the tokens that it has alone", async () => {
    const options: GenerateOptions[] = [
      { schema: person, temperature: 1, seed: 1 },
      { choices: ["red", "green"], adapter: "own" },
      { temperature: 1, seed: 3, maxTokens: 20 },
      { regex: "[a-z ]{5,9}", temperature: 1, seed: 2, adapter: "own" },
      { schema: person, adapter: "own", temperature: 1, seed: 9 },
    ];
    const requests = options.map((own) => ({ prompt, maxTokens: 88, ...own }));
    const ids: number[][] = options.map(() => []);
    for await (const { sequence, id } of model.generateBatch(requests)) ids[sequence]!.push(id);
    for (const [i, own] of options.entries()) expect(ids[i]).toEqual((await answer(own)).ids);
    using session = model.session();
    for (const own of [options[0]!, options[2]!, options[0]!]) {
      const found = await all(session.generateTokens(prompt, { maxTokens: 88, ...own }));
      expect(found.map(({ id }) => id)).toEqual((await answer(own)).ids);
    }
  });

  it("streams the same text, and ends before a stop sequence", async () => {
    const options = { schema: person, temperature: 1, seed: 4, maxTokens: 88 };
    const { text } = await answer(options);
    expect((await all(model.generate(prompt, options))).join("")).toBe(text);
    const stopped = await answer({ ...options, stop: '"age"' });
    expect([stopped.end, stopped.text]).toEqual(["stop", text.slice(0, text.indexOf('"age"'))]);
  });

  it("reports the probabilities that the model gives, not those within the format", async () => {
    const { tokens } = await answer({ choices: ["yes"] });
    const { data, shape } = await model.logits(model.tokenizer!.encode(prompt));
    const last = data.subarray(data.length - shape[1]!);
    const most = last.reduce((largest, x) => Math.max(largest, x));
    const total = last.reduce((sum, x) => sum + Math.exp(x - most), 0);
    expect(tokens[0]!.logProbability).toBeCloseTo(last[tokens[0]!.id]! - most - Math.log(total), 4);
  });

  it("of a model without an end-of-text token ends where the text may", async () => {
    const files = changedJson(await decoderFiles("qwen2"), "generation_config.json", { eos_token_id: [] });
    const endless = await CausalLanguageModel.load(files);
    const { text, end } = await answer({ schema: { type: "integer" } }, endless);
    expect([JSON.parse(text), end]).toEqual([expect.any(Number), "end-of-text"]);
    endless.dispose();
  });

  it("reports damaged weights as before", async () => {
    const files = await decoderFiles("qwen2");
    const file = readSafetensors(files["model.safetensors"]!);
    const tensors = new Map(file.names.map((name) => [name, file.tensor(name)]));
    tensors.get("model.norm.weight")!.data.fill(NaN);
    const damaged = { ...files, "model.safetensors": writeSafetensors(tensors) };
    const broken = await CausalLanguageModel.load(damaged, { allowNonFinite: true });
    await expect(answer({ schema: person }, broken)).rejects.toThrow(NonFiniteError);
    broken.dispose();
  });

  it("is refused at the call", () => {
    const refused: readonly [GenerateOptions, typeof ConfigError, RegExp][] = [
      [{ schema: person, regex: "a" }, ConfigError, /schema and regex/],
      [{ schema: { not: {} } }, UnsupportedError, /"not"/],
      [{ schema: person, ignoreEnd: true }, ConfigError, /ignoreEnd/],
      [{ choices: [] }, ConfigError, /choices/],
      [{ choices: [""] }, ConfigError, /not empty/],
      [{ choices: ["\ud83d"] }, ConfigError, /no text fits/],
      [{ regex: "a(" }, ConfigError, /regex/],
    ];
    for (const [options, kind, message] of refused) {
      expect(() => model.generate(prompt, options)).toThrow(kind);
      expect(() => model.generate(prompt, options)).toThrow(message);
      expect(() => model.generateBatch([{ prompt, ...options }])).toThrow(message);
    }
  });

  it("keeps a schema as it was at the call", async () => {
    const schema = { enum: ["one"] };
    const pieces = model.generate(prompt, { schema });
    schema.enum[0] = "two";
    expect((await all(pieces)).join("")).toBe('"one"');
  });
});
