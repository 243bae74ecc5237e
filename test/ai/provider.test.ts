import { createProviderRegistry, embed, generateText, NoSuchModelError } from "ai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createLowrank, lowrank } from "../../ts/ai/index.js";
import { AbortError, type CausalLanguageModel, ConfigError, SentenceEncoder } from "../../ts/index.js";
import { tinyModel } from "../models/language/chat-model.js";
import { all } from "../models/language/golden-decoder.js";
import { tinyEncoder } from "../models/tiny-encoder.js";

let [chat, search] = [] as unknown as [CausalLanguageModel, SentenceEncoder];
beforeAll(async () => {
  [chat, search] = [await tinyModel(), await SentenceEncoder.load(await tinyEncoder())];
});
afterAll(() => {
  chat?.dispose();
  search?.dispose();
});

const messages = [{ role: "user" as const, content: "a film" }];
const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "a film" }] }];

it("finds models by their names, alone and in a registry", async () => {
  const provider = createLowrank({ chat, search });
  try {
    const expected = (await all(chat.generate(messages, { maxTokens: 6, adapter: "dora" }))).join("");
    const registry = createProviderRegistry({ own: provider });
    const providerOptions = { lowrank: { adapter: "dora" } };
    for (const model of [
      provider("chat", { adapter: "dora" }),
      provider.languageModel("chat"),
      registry.languageModel("own:chat"),
    ])
      expect((await generateText({ model, messages, maxOutputTokens: 6, providerOptions })).text).toBe(expected);
    const [vector] = await search.encode(["a film"], { normalize: true });
    for (const model of [provider.embeddingModel("search"), registry.embeddingModel("own:search")])
      expect((await embed({ model, value: "a film" })).embedding).toEqual([...vector!]);
    expect(provider("chat")).toMatchObject({ specificationVersion: "v3", provider: "lowrank", modelId: "chat" });
    expect(lowrank(chat).modelId).toBe(chat.name);
  } finally {
    provider.dispose();
  }
});

it("says which models there are", () => {
  const provider = createLowrank({ chat, search });
  const failed = (find: () => unknown) => {
    try {
      find();
    } catch (error) {
      return error as NoSuchModelError & ConfigError;
    }
    throw new Error("it was found");
  };
  for (const [error, modelType] of [
    [failed(() => provider("search")), "languageModel"],
    [failed(() => provider.embeddingModel("chat")), "embeddingModel"],
    [failed(() => provider.imageModel("chat")), "imageModel"],
  ] as const) {
    expect(NoSuchModelError.isInstance(error)).toBe(true);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ name: "AI_NoSuchModelError", code: "CONFIG", modelType });
  }
  expect(failed(() => provider("search")).message).toMatch(/no languageModel "search" \(there are chat\)/);
});

it("refuses what is no model, and settings that do not exist", () => {
  for (const wrong of [null, undefined, "chat", 3, {}, { encode: 1 }])
    expect(() => lowrank(wrong as never)).toThrow(ConfigError);
  for (const wrong of [null, [chat], new Map(), { chat: {} }, { chat: null }])
    expect(() => createLowrank(wrong as never)).toThrow(ConfigError);
  expect(() => lowrank(chat, { adaptr: "mine" } as never)).toThrow(/did you mean "adapter"/);
  expect(() => createLowrank({}, { maxRunning: 0 })).toThrow(ConfigError);
  expect(() => createLowrank({}, { running: 2 } as never)).toThrow(/did you mean "maxRunning"/);
});

it("waits for a place, and frees everything by `dispose`", async () => {
  const before = chat.graph.engine.info.memory.used;
  const provider = createLowrank({ chat, search }, { maxRunning: 1 });
  const ask = () => generateText({ model: provider("chat"), messages, maxOutputTokens: 6 });
  const [a, b] = await Promise.all([ask(), ask()]);
  expect(a.text).toBe(b.text);
  expect(chat.graph.engine.info.memory.used).toBeGreaterThan(before);
  const { stream } = await provider("chat").doStream({ prompt, maxOutputTokens: 80 });
  const reader = stream.getReader();
  await reader.read();
  await reader.read();
  provider.dispose();
  provider.dispose();
  await expect(all(read(reader))).rejects.toBeInstanceOf(AbortError);
  expect(chat.graph.engine.info.memory.used).toBe(before);
  await expect(provider("chat").doGenerate({ prompt })).rejects.toThrow(/this provider was disposed/);

  const none = createLowrank({ chat }, { prefixCacheBytes: 0 });
  await generateText({ model: none("chat"), messages, maxOutputTokens: 6 });
  expect(chat.graph.engine.info.memory.used).toBe(before);
});

async function* read<T>(reader: ReadableStreamDefaultReader<T>) {
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}
