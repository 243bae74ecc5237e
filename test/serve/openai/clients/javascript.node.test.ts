import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { serve as serveHono } from "@hono/node-server";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { generateText, jsonSchema, Output, streamText } from "ai";
import { Hono } from "hono";
import type { AddressInfo } from "node:net";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CausalLanguageModel, SentenceEncoder } from "../../../../ts/index.js";
import { type LanguageServer, languageServer } from "../../../../ts/serve/index.js";
import { tinyModel } from "../../../models/language/chat-model.js";
import { all } from "../../../models/language/golden-decoder.js";
import { tinyEncoder } from "../../../models/tiny-encoder.js";
import { listening } from "../listening.js";

let model: CausalLanguageModel;
let server: LanguageServer;
let at: Awaited<ReturnType<typeof listening>>;
const expected: Record<string, string> = {};
const messages = [{ role: "user" as const, content: "a film" }];
beforeAll(async () => {
  model = await tinyModel();
  server = languageServer(model, { name: "tiny", apiKey: "secret" });
  at = await listening(server, "secret");
  for (const adapter of ["plain", "dora"])
    expected[adapter] = (await all(model.generate(messages, { adapter, maxTokens: 8 }))).join("");
});
afterAll(async () => {
  await at?.close();
  model?.dispose();
});

const schema = {
  type: "object" as const,
  required: ["good", "stars"],
  additionalProperties: false,
  properties: { good: { type: "boolean" as const }, stars: { enum: [1, 2, 3] } },
};
const review = { good: expect.any(Boolean) as boolean, stars: expect.toBeOneOf([1, 2, 3]) as number };

describe("the ai SDK", () => {
  const provider = () =>
    createOpenAICompatible({
      name: "lowrank",
      baseURL: `${at.url}/v1`,
      apiKey: "secret",
      includeUsage: true,
      supportsStructuredOutputs: true,
    });
  const asked = (name: string) => ({
    model: provider()(name),
    messages,
    maxOutputTokens: 8,
    temperature: 0,
    maxRetries: 0,
  });

  it("generates and streams, with usage", async () => {
    const whole = await generateText(asked("plain"));
    expect([whole.text, whole.finishReason]).toEqual([expected["plain"], "length"]);
    expect(whole.usage).toMatchObject({ outputTokens: 8 });
    const stream = streamText(asked("dora"));
    expect((await all(stream.textStream)).join("")).toBe(expected["dora"]);
    expect(await stream.usage).toMatchObject({ outputTokens: 8 });
  });

  it("generates an object of a schema", async () => {
    const output = Output.object({ schema: jsonSchema<{ good: boolean; stars: number }>(schema) });
    const answer = await generateText({ ...asked("plain"), maxOutputTokens: 60, output });
    expect(answer.output).toEqual(review);
  });

  it("says what was refused", async () => {
    await expect(generateText(asked("nobody"))).rejects.toMatchObject({
      statusCode: 404,
      message: /no model "nobody"/,
    });
  });
});

describe("LangChain", () => {
  const chat = (name: string, maxTokens = 8, more = {}) =>
    new ChatOpenAI({
      ...more,
      model: name,
      apiKey: "secret",
      configuration: { baseURL: `${at.url}/v1` },
      temperature: 0,
      maxTokens,
      maxRetries: 0,
    });

  it("answers and streams, with usage", async () => {
    const answer = await chat("plain").invoke("a film");
    expect(answer.content).toBe(expected["plain"]);
    expect(answer.usage_metadata).toMatchObject({ output_tokens: 8 });
    const pieces = await all(await chat("dora").stream("a film"));
    expect(pieces.map(({ content }) => content).join("")).toBe(expected["dora"]);
  });

  it("answers and streams by responses", async () => {
    const answer = await chat("plain", 8, { useResponsesApi: true }).invoke("a film");
    expect(answer.text).toBe(expected["plain"]);
    expect(answer.usage_metadata).toMatchObject({ output_tokens: 8 });
    const pieces = await all(await chat("dora", 8, { useResponsesApi: true }).stream("a film"));
    expect(pieces.map(({ text }) => text).join("")).toBe(expected["dora"]);
  });

  it("generates an object of a schema", async () => {
    const bound = chat("plain", 60).withStructuredOutput(schema, { name: "review", method: "jsonSchema" });
    expect(await bound.invoke("a film")).toEqual(review);
  });

  it("embeds documents in several requests, and a query, with an adapter and in fewer dimensions", async () => {
    const encoder = await SentenceEncoder.load(await tinyEncoder());
    encoder.addAdapter("mine", { rank: 2, initLoraWeights: false, alpha: 60 });
    encoder.setAdapter(null);
    const served = await listening(languageServer({ search: encoder }, { apiKey: "secret" }), "secret");
    try {
      const embeddings = (model: string, dimensions?: number) =>
        new OpenAIEmbeddings({
          model,
          dimensions,
          apiKey: "secret",
          configuration: { baseURL: `${served.url}/v1` },
          batchSize: 2,
          maxRetries: 0,
        });
      const texts = ["a good film", "a match", "where is it", "a film", "a bad one"];
      const expected = async (adapter: string | null, truncateDim?: number) =>
        (await encoder.encode(texts, { normalize: true, adapter, truncateDim })).map((row) => [...row]);
      expect(await embeddings("search").embedDocuments(texts)).toEqual(await expected(null));
      expect(await embeddings("mine", 8).embedDocuments(texts)).toEqual(await expected("mine", 8));
      expect(await embeddings("mine").embedQuery(texts[2]!)).toEqual((await expected("mine"))[2]);
      await expect(embeddings("nobody").embedQuery("a film")).rejects.toMatchObject({ status: 404 });
    } finally {
      await served.close();
      encoder.dispose();
    }
  });
});

describe("Hono in Node", () => {
  it("mounts the server as it is", async () => {
    const app = new Hono();
    app.get("/", (context) => context.text("mine"));
    app.all("/v1/*", (context) => server(context.req.raw));
    const http = serveHono({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
    try {
      if (!http.listening) await new Promise((resolve) => http.once("listening", resolve));
      const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
      expect(await (await fetch(url)).text()).toBe("mine");
      const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "secret", maxRetries: 0 });
      const asked = { model: "plain", messages, max_tokens: 8, temperature: 0 };
      const { choices } = await client.chat.completions.create(asked);
      expect(choices[0]!.message.content).toBe(expected["plain"]);
      const streamed = await client.chat.completions.stream({ ...asked, model: "dora" }).finalChatCompletion();
      expect(streamed.choices[0]!.message.content).toBe(expected["dora"]);
      // A client that leaves.
      const stream = await client.chat.completions.create({ ...asked, max_tokens: 80, stream: true });
      for await (const { choices } of stream) if (choices[0]?.delta.content) break;
      const running = async () => {
        const health = await server(new Request("http://localhost/health"));
        return ((await health.json()) as { running: number }).running;
      };
      await expect.poll(running, { interval: 5 }).toBe(0);
      const wrong = new OpenAI({ baseURL: `${url}/v1`, apiKey: "other", maxRetries: 0 });
      await expect(wrong.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    } finally {
      await new Promise((resolve) => http.close(resolve));
    }
  });
});
