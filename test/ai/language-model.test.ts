import { generateText, streamText } from "ai";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { lowrank } from "../../ts/ai/index.js";
import { AbortError, type CausalLanguageModel, ConfigError, type GenerateOptions } from "../../ts/index.js";
import { tinyModel } from "../models/language/chat-model.js";
import { all } from "../models/language/golden-decoder.js";

const messages = [{ role: "user" as const, content: "a film" }];
const adapters = [null, "plain", "dora"];

let model: CausalLanguageModel;
beforeAll(async () => {
  model = await tinyModel();
});
afterAll(() => model?.dispose());
beforeEach(() => {
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
});

const whole = async (options: GenerateOptions) => (await all(model.generate(messages, options))).join("");
const asked = (adapter: string | null = null) => ({ model: lowrank(model, { adapter }), messages, maxRetries: 0 });

describe("generateText and streamText", () => {
  it("give the text of `generate`, with usage and reason", async () => {
    const expected = await whole({ maxTokens: 8 });
    const answer = await generateText({ ...asked(), maxOutputTokens: 8 });
    expect([answer.text, answer.finishReason, answer.rawFinishReason]).toEqual([expected, "length", "max-tokens"]);
    const prompt = model.applyChatTemplate(messages, { addGenerationPrompt: true });
    const inputTokens = model.tokenizer!.encodeBare(prompt).length;
    expect(answer.usage).toMatchObject({ inputTokens, outputTokens: 8, totalTokens: inputTokens + 8 });
    const stream = streamText({ ...asked(), maxOutputTokens: 8 });
    expect((await all(stream.textStream)).join("")).toBe(expected);
    expect([await stream.finishReason, (await stream.usage).outputTokens]).toEqual(["length", 8]);
    const types = (await all(stream.fullStream)).map(({ type }) => type).filter((type) => type !== "text-delta");
    expect(types).toEqual(["start", "start-step", "text-start", "text-end", "finish-step", "finish"]);
  });

  it("draft tokens from the text or by a smaller model, with the same answer", async () => {
    const expected = await whole({ maxTokens: 12 });
    const prompt = model.applyChatTemplate(messages, { addGenerationPrompt: true });
    const inputTokens = model.tokenizer!.encodeBare(prompt).length;
    const generated = vi.spyOn(model, "generateTokens");
    for (const drafts of [{ promptLookupNumTokens: 4 }, { assistantModel: model, numAssistantTokens: 3 }]) {
      const answer = await generateText({
        ...asked(),
        model: lowrank(model, { adapter: null, ...drafts }),
        maxOutputTokens: 12,
      });
      expect([answer.text, answer.usage.inputTokens]).toEqual([expected, inputTokens]);
      const given = generated.mock.lastCall![1] as GenerateOptions;
      expect([given.promptLookupNumTokens, given.assistantModel === model]).toEqual(
        "assistantModel" in drafts ? [undefined, true] : [4, false],
      );
    }
    generated.mockRestore();
    const alone = { ...asked(), model: lowrank(model, { numAssistantTokens: 3 }) };
    await expect(generateText(alone)).rejects.toThrow(/numAssistantTokens/);
  });

  it("use every setting as `generate` does", async () => {
    const sampled = {
      temperature: 1.3,
      topK: 40,
      topP: 0.9,
      presencePenalty: 0.5,
      frequencyPenalty: 0.25,
      seed: 5,
    };
    const own = { minP: 0.01, repetitionPenalty: 1.1, logitBias: { 30: 2 } };
    const expected = await whole({ ...sampled, ...own, adapter: "plain", maxTokens: 20 });
    const settings = { ...sampled, maxOutputTokens: 20 };
    const here = await generateText({ ...asked(), model: lowrank(model, { ...own, adapter: "plain" }), ...settings });
    expect(here.text).toBe(expected);
    const options = { lowrank: { ...own, adapter: "plain" } };
    expect((await generateText({ ...asked("dora"), ...settings, providerOptions: options })).text).toBe(expected);
    expect(here.warnings).toEqual([]);

    const words = await whole({ maxTokens: 20 });
    const stop = words.slice(5, 8);
    const cut = await generateText({ ...asked(), maxOutputTokens: 20, stopSequences: [stop] });
    expect([cut.text, cut.finishReason]).toEqual([words.slice(0, words.indexOf(stop)), "stop"]);
    const chosen = await generateText({ ...asked(), providerOptions: { lowrank: { choices: ["yes", "no"] } } });
    expect(chosen.text).toMatch(/^(yes|no)$/);
  });

  it("differ from call to call without a seed, and answer alike with one, also a negative one", async () => {
    const hot = (seed?: number) => generateText({ ...asked(), temperature: 3, maxOutputTokens: 24, seed });
    const [a, b, c, d] = await Promise.all([hot(), hot(), hot(-7), hot(-7)]);
    expect(a.text).not.toBe(b.text);
    expect(c.text).toBe(d.text);
  });

  it("answer many calls at once as each alone, in fewer passes", async () => {
    const pass = vi.spyOn(model.model, "infer");
    const options = { temperature: 0.9, maxTokens: 12 };
    const expected: string[] = [];
    for (const [i, adapter] of adapters.entries()) expected.push(await whole({ ...options, adapter, seed: i }));
    const alone = pass.mock.calls.length;
    pass.mockClear();
    const answers = adapters.map((adapter, seed) =>
      generateText({ ...asked(adapter), temperature: 0.9, maxOutputTokens: 12, seed }),
    );
    const streams = adapters.map(async (adapter, seed) => {
      const stream = streamText({ ...asked(adapter), temperature: 0.9, maxOutputTokens: 12, seed });
      return (await all(stream.textStream)).join("");
    });
    expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(expected);
    expect(await Promise.all(streams)).toEqual(expected);
    expect(pass.mock.calls.length).toBeLessThan(alone);
  });

  it("compute the beginning of a conversation once", async () => {
    const system = "a long message of the system";
    const ask = () => generateText({ ...asked("plain"), system, maxOutputTokens: 4 });
    await ask();
    const { inputTokens, inputTokenDetails } = (await ask()).usage;
    const { cacheReadTokens, noCacheTokens } = inputTokenDetails;
    expect(cacheReadTokens).toBeGreaterThan(8);
    expect(cacheReadTokens! + noCacheTokens!).toBe(inputTokens);
  });
});

describe("a call that is cancelled", () => {
  it("ends within a token, and frees its place", async () => {
    const { signal, abort } = controlled();
    const waiting = generateText({ ...asked("dora"), maxOutputTokens: 80, abortSignal: signal });
    const stream = streamText({
      ...asked("plain"),
      maxOutputTokens: 80,
      abortSignal: signal,
      onAbort: () => void (aborted = true),
      onChunk: () => abort(),
    });
    let aborted = false;
    const rejected = expect(waiting).rejects.toMatchObject({ name: "AbortError" });
    const types = (await all(stream.fullStream)).map(({ type }) => type);
    await rejected;
    expect([types.at(-1), aborted]).toEqual(["abort", true]);
    expect(types.length).toBeLessThan(40);
    // It throws while a call is running.
    model.mergeAdapter("plain");
    model.unmergeAdapter("plain");
  });

  it("never begins if its signal is aborted already", async () => {
    const pass = vi.spyOn(model.model, "infer");
    const abortSignal = AbortSignal.abort(new Error("no"));
    const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "a film" }] }];
    await expect(lowrank(model).doGenerate({ prompt, abortSignal })).rejects.toBeInstanceOf(AbortError);
    await expect(lowrank(model).doStream({ prompt, abortSignal })).rejects.toBeInstanceOf(AbortError);
    expect(pass).not.toHaveBeenCalled();
  });

  it("is one whose stream nobody reads any more", async () => {
    const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "a film" }] }];
    const { stream } = await lowrank(model, { adapter: "plain" }).doStream({ prompt, maxOutputTokens: 80 });
    const reader = stream.getReader();
    expect((await reader.read()).value).toEqual({ type: "stream-start", warnings: [] });
    await reader.read();
    expect(() => model.mergeAdapter("plain")).toThrow(ConfigError);
    await reader.cancel();
    model.mergeAdapter("plain");
    model.unmergeAdapter("plain");
  });
});

function controlled() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
