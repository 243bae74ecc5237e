import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AbortError, type CausalLanguageModel, ConfigError } from "../../../ts/index.js";
import { ContinuousBatch, type RunningText } from "../../../ts/models/language/batch/continuous-batch.js";
import type { GenerateOptions } from "../../../ts/models/language/generate-options.js";
import { takeRequest } from "../../../ts/models/language/prompts.js";
import type { GeneratedToken } from "../../../ts/models/language/sequence.js";
import { nextTask } from "../../../ts/waiting/next-task.js";
import { manyNumbers } from "../../constraint/many-numbers.js";
import { tinyModel } from "./chat-model.js";
import { all } from "./golden-decoder.js";

let model: CausalLanguageModel;
beforeAll(async () => {
  model = await tinyModel();
});
afterAll(() => model?.dispose());

const COUNT = 1500;
/** A schema of some 100,000 states. Of each `from` the first properties differ, so that it is compiled anew. */
const large = (from: number, last: object = { type: "boolean" }) => ({
  type: "object",
  required: ["last"],
  additionalProperties: false,
  properties: { ...manyNumbers(COUNT, from), last },
});
const ids = (tokens: readonly GeneratedToken[]) => tokens.map(({ id }) => id);
const alone = (options: GenerateOptions) => all(model.generateTokens("a film", options));

/** Reads a text, and says how many tokens it has so far. */
function followed(next: () => Promise<GeneratedToken | null>) {
  const tokens: GeneratedToken[] = [];
  const end = (async () => {
    for (let token = await next(); token !== null; token = await next()) tokens.push(token);
    return tokens;
  })();
  return { tokens, end };
}

const stepsOf = (tokens: AsyncGenerator<GeneratedToken>) => async () => {
  const { done, value } = await tokens.next();
  return done === true ? null : value;
};

describe("a format that takes long to compile", () => {
  const options = { maxTokens: 12, temperature: 1, seed: 3 };

  it("lets a batch's other texts go on meanwhile, and changes no token of any", async () => {
    using batch = closing(new ContinuousBatch(model, { maxTexts: 4, prefixBytes: 0 }));
    const add = (own: GenerateOptions) => batch.add(takeRequest(model, "test", "a film", own));
    const other = followed(reader(add({ maxTokens: 80 })));
    const bound = followed(reader(add({ ...options, schema: large(0) })));
    while (bound.tokens.length === 0) await nextTask();
    expect(other.tokens.length).toBeGreaterThan(10);
    expect(other.tokens.length).toBeLessThan(80);
    expect(ids(await other.end)).toEqual(ids(await alone({ maxTokens: 80 })));
    expect(ids(await bound.end)).toEqual(ids(await alone({ ...options, schema: large(0) })));
    expect((await bound.end).map(({ text }) => text).join("")).toMatch(/^\{"/);
  });

  it("lets other generations go on meanwhile", async () => {
    const other = followed(stepsOf(model.generateTokens("a film", { maxTokens: 80 })));
    const bound = followed(stepsOf(model.generateTokens("a film", { ...options, schema: large(5000) })));
    while (bound.tokens.length === 0) await nextTask();
    expect(other.tokens.length).toBeGreaterThan(10);
    await Promise.all([other.end, bound.end]);
  });

  it("is shared by the requests that wait for it, and goes on for others when one is aborted", async () => {
    const abort = new AbortController();
    const schema = large(10_000);
    const left = model.generateTokens("a film", { ...options, schema, signal: abort.signal }).next();
    const kept = followed(stepsOf(model.generateTokens("a film", { ...options, schema })));
    await nextTask();
    abort.abort();
    await expect(left).rejects.toThrow(AbortError);
    expect(kept.tokens).toHaveLength(0);
    expect(ids(await kept.end)).toEqual(ids(await alone({ ...options, schema })));
  });

  it("rejects the first token by name if it is invalid, a small one the call itself", async () => {
    // Neither among the first that are read, nor among the last.
    const properties = { ...manyNumbers(200), wrong: { enum: 1 }, ...manyNumbers(COUNT, 200) };
    const wrong = () => model.generateTokens("a film", { ...options, schema: { properties } });
    for (const _ of [1, 2]) await expect(wrong().next()).rejects.toThrow(/schema\.properties\.wrong\.enum/);
    await expect(wrong().next()).rejects.toThrow(ConfigError);
    expect(() => model.generateTokens("a film", { schema: { enum: 1 } })).toThrow(ConfigError);
    using batch = closing(new ContinuousBatch(model, { maxTexts: 1, prefixBytes: 0 }));
    const text = batch.add(takeRequest(model, "test", "a film", { schema: { properties } }));
    await expect(text.next()).rejects.toThrow(/schema\.properties\.wrong\.enum/);
    expect(batch.size).toMatchObject({ running: 0, waiting: 0 });
  });
});

const reader = (text: RunningText) => () => text.next();

const closing = (batch: ContinuousBatch) =>
  Object.assign(batch, { [Symbol.dispose]: () => batch.close(new Error("the test is over")) });
