import { embedMany, generateText, streamText } from "ai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lowrank } from "../../ts/ai/index.js";
import * as local from "../../ts/index.js";
import { CausalLanguageModel, type LowrankWorker, SentenceEncoder } from "../../ts/worker/index.js";
import { chatFiles } from "../models/language/chat-model.js";
import { all } from "../models/language/golden-decoder.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { start } from "../worker/in-worker.js";

const messages = [{ role: "user" as const, content: "a film" }];

let worker: LowrankWorker;
let [here, there] = [] as unknown as [local.CausalLanguageModel, CausalLanguageModel];
beforeAll(async () => {
  worker = await start();
  const files = await chatFiles();
  here = await local.CausalLanguageModel.load(files);
  there = await CausalLanguageModel.load(files, { worker });
});
afterAll(() => {
  here?.dispose();
  worker?.terminate();
});

it("answers as the same model here, without the prompt's number of tokens", async () => {
  const settings = { messages, temperature: 0.9, seed: 4, maxOutputTokens: 12, maxRetries: 0 };
  const expected = await generateText({ ...settings, model: lowrank(here) });
  const answer = await generateText({ ...settings, model: lowrank(there) });
  expect([answer.text, answer.finishReason]).toEqual([expected.text, "length"]);
  expect(answer.usage).toMatchObject({ inputTokens: undefined, outputTokens: 12 });
  const stream = streamText({ ...settings, model: lowrank(there) });
  expect((await all(stream.textStream)).join("")).toBe(expected.text);
});

it("drafts tokens from the text or by a model of the same worker, with the same answer", async () => {
  const settings = { messages, temperature: 0, maxOutputTokens: 12, maxRetries: 0 };
  const expected = await generateText({ ...settings, model: lowrank(here) });
  const assistantModel = await CausalLanguageModel.load(await chatFiles(), { worker });
  try {
    for (const drafts of [{ promptLookupNumTokens: 4 }, { assistantModel, numAssistantTokens: 3 }]) {
      const answer = await generateText({ ...settings, model: lowrank(there, drafts) });
      expect([answer.text, answer.usage.outputTokens]).toEqual([expected.text, 12]);
    }
    const elsewhere = generateText({ ...settings, model: lowrank(there, { assistantModel: here }) });
    await expect(elsewhere).rejects.toMatchObject({
      code: "CONFIG",
      message: expect.stringMatching(/assistantModel/) as string,
    });
  } finally {
    await assistantModel.dispose();
  }
});

it("ends there when it is cancelled, and reports errors of its options", async () => {
  const controller = new AbortController();
  const aborted: unknown[] = [];
  const stream = streamText({
    model: lowrank(there),
    messages,
    maxOutputTokens: 80,
    abortSignal: controller.signal,
    onChunk: () => controller.abort(),
    onAbort: (event) => void aborted.push(event),
  });
  await all(stream.fullStream);
  expect(aborted).toHaveLength(1);
  const unknown = generateText({ model: lowrank(there, { adapter: "nobody" }), messages, maxRetries: 0 });
  await expect(unknown).rejects.toMatchObject({ code: "CONFIG", message: expect.stringMatching(/nobody/) as string });
  const errors: unknown[] = [];
  const broken = streamText({
    model: lowrank(there, { minP: 2 }),
    messages,
    maxRetries: 0,
    onError: ({ error }) => void errors.push(error),
  });
  await all(broken.fullStream);
  expect(errors).toEqual([expect.any(local.ConfigError)]);
});

it("embeds as the same encoder here", async () => {
  const files = await tinyEncoder();
  const encoder = await SentenceEncoder.load(files, { worker });
  const own = await local.SentenceEncoder.load(files);
  try {
    const values = ["a good film", "where is it"];
    const expected = await embedMany({ model: lowrank(own), values });
    const { embeddings, usage } = await embedMany({ model: lowrank(encoder), values });
    expect([embeddings, usage]).toEqual([expected.embeddings, expected.usage]);
  } finally {
    own.dispose();
    await encoder.dispose();
  }
});
