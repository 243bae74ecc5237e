import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { CausalLanguageModel, createEngine, ggufSource } from "../../../ts/entry/node.js";
import { fileSource } from "../../../ts/io/node/file-source.js";
import { type LanguageServer, languageServer, type LanguageServerOptions } from "../../../ts/serve/index.js";
import { completions } from "../../../ts/serve/openai/endpoints/completions.js";
import { goldenJson } from "../../golden.js";
import { tinyModel } from "../../models/language/chat-model.js";
import { all } from "../../models/language/golden-decoder.js";
import { manyNumbers } from "../../constraint/many-numbers.js";
import { nextTask } from "../../../ts/waiting/next-task.js";
import { modelPath, projectFile } from "../../setup/files.js";
import { listening } from "./listening.js";

let model: CausalLanguageModel;
let server: LanguageServer;
let at: Awaited<ReturnType<typeof listening>>;

beforeAll(async () => {
  model = await tinyModel();
});
afterAll(() => model?.dispose());

async function serve(options: LanguageServerOptions = {}, apiKey?: string) {
  server = languageServer(model, { name: "tiny", ...options });
  at = await listening(server, apiKey);
}
beforeEach(() => serve());
afterEach(() => at.close());

/** Serves with other options. */
async function again(options: LanguageServerOptions, apiKey?: string) {
  await at.close();
  await serve(options, apiKey);
}

const messages = [{ role: "user" as const, content: "a film" }];
const base = { model: "tiny", messages, max_tokens: 8, temperature: 0 };

/** What the model says to it by itself. */
async function alone(asked: OpenAI.ChatCompletionCreateParams) {
  const tokens = await all(
    model.generateTokens(asked.messages as typeof messages, {
      adapter: asked.model === "tiny" ? null : asked.model,
      maxTokens: asked.max_tokens!,
      temperature: asked.temperature ?? 1,
      topP: asked.top_p ?? 1,
      seed: asked.seed ?? 0,
      stop: (asked.stop as string[] | undefined) ?? [],
    }),
  );
  return { text: tokens.map(({ text }) => text).join(""), tokens: tokens.length };
}

const health = async () => (await (await fetch(`${at.url}/health`)).json()) as { running: number; waiting: number };
const until = async (reached: () => Promise<boolean>) => expect.poll(reached, { interval: 5 }).toBe(true);

describe("models", () => {
  it("are the base and its adapters, which may come and go", async () => {
    const names = async () => (await all(at.client.models.list())).map(({ id }) => id);
    expect(await names()).toEqual(["tiny", "plain", "dora"]);
    expect(await at.client.models.retrieve("dora")).toMatchObject({ id: "dora", object: "model", parent: "tiny" });
    model.addAdapter("of/a day", { rank: 1 });
    expect(await names()).toContain("of/a day");
    expect((await at.client.models.retrieve("of/a day")).id).toBe("of/a day");
    model.removeAdapter("of/a day");
    await expect(at.client.models.retrieve("of/a day")).rejects.toMatchObject({ status: 404, code: "model_not_found" });
    await again({ adapters: ["dora"] });
    expect(await names()).toEqual(["tiny", "dora"]);
    const asked = at.client.chat.completions.create({ ...base, model: "plain" });
    await expect(asked).rejects.toMatchObject({ status: 404, code: "model_not_found", param: "model" });
  });
});

describe("chat completions", () => {
  it("are what the model generates alone, with each adapter, whole and streamed", async () => {
    for (const name of ["tiny", "plain", "dora"]) {
      const asked = { ...base, model: name };
      const { text, tokens } = await alone(asked);
      const whole = await at.client.chat.completions.create(asked);
      expect(whole).toMatchObject({ object: "chat.completion", model: name });
      expect(whole.choices).toEqual([
        {
          index: 0,
          logprobs: null,
          message: { role: "assistant", content: text, refusal: null },
          finish_reason: "length",
        },
      ]);
      const { prompt_tokens: read, total_tokens: total, completion_tokens: made } = whole.usage!;
      expect({ made, total }).toEqual({ made: tokens, total: read + tokens });

      const stream = at.client.chat.completions.stream({ ...asked, stream_options: { include_usage: true } });
      const events = await all(stream);
      expect(events.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(text);
      const last = await stream.finalChatCompletion();
      expect(last.choices[0]).toMatchObject({ message: { content: text }, finish_reason: "length" });
      expect(last.usage).toMatchObject({ prompt_tokens: read, completion_tokens: made });
      // The second request begins as the first did.
      expect(last.usage!.prompt_tokens_details!.cached_tokens).toBe(read - 1);
    }
  });

  it("of many clients at once, with adapters and seeds of their own, are those of each alone", async () => {
    const asked = Array.from({ length: 24 }, (_, i) => ({
      ...base,
      model: ["tiny", "plain", "dora"][i % 3]!,
      messages: [{ role: "user" as const, content: "a film of mine".slice(0, 3 + (i % 7)) }],
      max_tokens: 2 + ((5 * i) % 11),
      temperature: 0.9,
      top_p: 0.95,
      seed: i,
      stream: i % 2 === 0,
    }));
    const found = await Promise.all(
      asked.map(async ({ stream, ...one }) =>
        stream
          ? (await at.client.chat.completions.stream(one).finalChatCompletion()).choices[0]!.message.content
          : (await at.client.chat.completions.create(one)).choices[0]!.message.content,
      ),
    );
    for (const [i, one] of asked.entries()) expect(found[i]).toBe((await alone(one)).text);
  });

  it("have several choices, with seeds of their own", async () => {
    const asked = { ...base, temperature: 1.2, n: 3, seed: 5 };
    const { choices, usage } = await at.client.chat.completions.create(asked);
    const texts = [];
    for (const seed of [5, 6, 7]) texts.push((await alone({ ...asked, seed })).text);
    expect(choices.map(({ message }) => message.content)).toEqual(texts);
    expect(usage!.completion_tokens).toBe(24);
    const streamed = await at.client.chat.completions.stream(asked).finalChatCompletion();
    expect(streamed.choices.map(({ message }) => message.content)).toEqual(texts);
  });

  it("have a seed of their own each, also where these begin before the largest", async () => {
    const asked = { ...base, temperature: 1.2, n: 3, seed: -1 };
    const { choices } = await at.client.chat.completions.create(asked);
    const texts = [];
    for (const seed of [Number.MAX_SAFE_INTEGER, 0, 1]) texts.push((await alone({ ...asked, seed })).text);
    expect(new Set(texts).size).toBe(3);
    expect(choices.map(({ message }) => message.content)).toEqual(texts);
  });

  it("may be many of one request, of which those that wait do not delay the others", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on("warning", onWarning);
    await at.client.chat.completions.create({ ...base, n: 12, max_tokens: 2 });
    await again({ maxRunning: 1 });
    const stream = await at.client.chat.completions.create({ ...base, n: 2, max_tokens: 30, stream: true });
    const pieces = (await all(stream)).filter(({ choices }) => choices[0]!.delta.content !== "");
    const order = pieces.map(({ choices }) => choices[0]!.index);
    expect(order.length).toBeGreaterThan(20);
    expect(order).toEqual([...order].sort());
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  it("stop before a text, and have other values without a seed", async () => {
    const { text } = await alone(base);
    const stop = [text.slice(5, 8)];
    const { choices } = await at.client.chat.completions.create({ ...base, stop });
    expect(choices[0]).toMatchObject({
      finish_reason: "stop",
      message: { content: text.slice(0, text.indexOf(stop[0]!)) },
    });
    const draw = () => at.client.chat.completions.create({ ...base, temperature: 1.5, max_tokens: 20 });
    const [first, second] = await Promise.all([draw(), draw()]);
    expect(first.choices[0]!.message.content).not.toBe(second.choices[0]!.message.content);
  });

  it("take parts of texts, the role of a developer, and fields that change nothing", async () => {
    const parts = [
      { role: "developer" as const, content: "be brief" },
      { role: "user" as const, content: [{ type: "text" as const, text: "a film" }] },
    ];
    const said = [{ role: "system" as const, content: "be brief" }, ...messages];
    const { choices } = await at.client.chat.completions.create({
      ...base,
      messages: parts,
      max_tokens: null,
      max_completion_tokens: 8,
      user: "me",
      store: false,
      response_format: { type: "text" },
      tools: [],
      logit_bias: {},
      presence_penalty: 0,
      seed: -3,
    });
    const { text } = await alone({ ...base, messages: said as unknown as typeof messages });
    expect(choices[0]!.message.content).toBe(text);
  });

  it("change logits by biases and penalties, and give log probabilities, as the library does", async () => {
    const options = { ...base, presence_penalty: 3, frequency_penalty: 0.5, logit_bias: { 12: 2.5, 30: -100 } };
    const expected = await all(
      model.generateTokens(messages, {
        adapter: null,
        maxTokens: 8,
        presencePenalty: 3,
        frequencyPenalty: 0.5,
        logitBias: { 12: 2.5, 30: -100 },
        topLogProbabilities: 2,
      }),
    );
    const asked = { ...options, logprobs: true, top_logprobs: 2 };
    const { choices } = await at.client.chat.completions.create(asked);
    expect(choices[0]!.message.content).toBe(expected.map(({ text }) => text).join(""));
    const { content } = choices[0]!.logprobs!;
    expect(content!.map(({ logprob }) => logprob)).toEqual(expected.map(({ logProbability }) => logProbability));
    expect(content!.map(({ top_logprobs: top }) => top.map(({ logprob }) => logprob))).toEqual(
      expected.map(({ top }) => top!.map(({ logProbability }) => logProbability)),
    );
    expect(content![0]!.bytes).toEqual([...new TextEncoder().encode(content![0]!.token)]);
    const streamed = await at.client.chat.completions.stream(asked).finalChatCompletion();
    expect(streamed.choices[0]!.logprobs!.content).toEqual(content);
  });

  it("tell the bytes of tokens that are a part of a character", async () => {
    const { model: of } = await goldenJson<{ model: { vocab: Record<string, number> } }>(
      "decoders/qwen2/tokenizer.json",
    );
    // As byte-level vocabularies write the byte 0xF0.
    const part = of.vocab["\u00f0"]!;
    const asked = { ...base, max_tokens: 1, logit_bias: { [part]: 100 } };
    const { choices } = await at.client.chat.completions.create({ ...asked, logprobs: true });
    expect(choices[0]!.logprobs!.content![0]).toMatchObject({ token: "�", bytes: [0xf0] });
    const { messages: _messages, ...rest } = asked;
    const [choice] = (await at.client.completions.create({ ...rest, prompt: "a film", logprobs: 20 })).choices;
    expect(choice!.logprobs!.tokens).toEqual(["bytes:\\xf0"]);
    expect(Object.keys(choice!.logprobs!.top_logprobs![0]!)).toHaveLength(20);
  });

  it("are JSON of a schema, whole and streamed, beside others that are not", async () => {
    const schema = {
      type: "object",
      required: ["good", "stars"],
      additionalProperties: false,
      properties: { good: { type: "boolean" }, stars: { enum: [1, 2, 3] } },
    };
    const format = { type: "json_schema" as const, json_schema: { name: "review", schema } };
    const asked = { ...base, max_tokens: 60, temperature: 1.2, response_format: format };
    const [plain, ...found] = await Promise.all([
      at.client.chat.completions.create(base),
      ...[1, 2].map((seed) => at.client.chat.completions.create({ ...asked, seed })),
      at.client.chat.completions.stream({ ...asked, seed: 2 }).finalChatCompletion(),
    ]);
    expect(plain.choices[0]!.message.content).toBe((await alone(base)).text);
    for (const { choices } of found) {
      expect(choices[0]!.message.content).toMatch(/^\{"good":(true|false),"stars":[123]\}$/);
      expect(choices[0]!.finish_reason).toBe("stop");
    }
    expect(found[2]!.choices[0]!.message.content).toBe(found[1]!.choices[0]!.message.content);
    const any = { ...base, max_tokens: 3, response_format: { type: "json_object" as const } };
    expect((await at.client.chat.completions.create(any)).choices[0]!.message.content).toMatch(/^\{/);
  });

  it("of large schemas are compiled while others are generated, and refused before an answer begins", async () => {
    const format = (middle: object) => {
      const properties = { ...manyNumbers(200), middle, ...manyNumbers(1300, 200) };
      return {
        type: "json_schema" as const,
        json_schema: { name: "large", schema: { properties, required: ["middle"] } },
      };
    };
    const asked = { ...base, max_tokens: 12, stream: true as const };
    const stream = await at.client.chat.completions.create({ ...base, max_tokens: 80, stream: true });
    let [pieces, seen] = [0, -1];
    const reading = (async () => {
      for await (const { choices } of stream) pieces += choices[0]?.delta.content ? 1 : 0;
    })();
    const large = at.client.chat.completions
      .create({ ...asked, response_format: format({ enum: [1] }) })
      .then((own) => {
        seen = pieces;
        return all(own);
      });
    const wrong = at.client.chat.completions.create({ ...asked, response_format: format({ enum: 1 }) });
    await expect(wrong).rejects.toMatchObject({ status: 400, param: "schema.properties.middle.enum" });
    expect((await large).map(({ choices }) => choices[0]!.delta.content ?? "").join("")).toMatch(/^\{"/);
    expect(seen).toBeGreaterThan(10);
    await reading;
  });

  it("a client that leaves frees its place; those that wait go on", async () => {
    const errors: unknown[] = [];
    await again({ maxRunning: 1, maxWaiting: 2, onError: (error) => errors.push(error) });
    const stream = await at.client.chat.completions.create({ ...base, max_tokens: 80, stream: true });
    const waiting = at.client.chat.completions.create({ ...base, model: "dora" });
    await until(async () => (await health()).waiting === 1);
    for await (const { choices } of stream) if (choices[0]?.delta.content) break;
    expect((await waiting).choices[0]!.message.content).toBe((await alone({ ...base, model: "dora" })).text);
    const abort = new AbortController();
    const whole = at.client.chat.completions.create({ ...base, max_tokens: 80 }, { signal: abort.signal });
    await until(async () => (await health()).running === 1);
    abort.abort();
    await expect(whole).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
    await until(async () => (await health()).running === 0);
    expect(errors).toEqual([]);
  });

  it("beyond the places and the queue are refused, to be asked again", async () => {
    await again({ maxRunning: 1, maxWaiting: 1 });
    const long = Array.from({ length: 2 }, () => at.client.chat.completions.create({ ...base, max_tokens: 80 }));
    await until(async () => (await health()).waiting === 1);
    const response = await at.client.chat.completions
      .create(base)
      .asResponse()
      .catch((error: unknown) => error);
    expect(response).toMatchObject({ status: 503, code: "overloaded", type: "server_error" });
    expect((response as InstanceType<typeof OpenAI.APIError>).headers!.get("retry-after")).toBe("1");
    await Promise.all(long);
  });
});

describe("completions", () => {
  it("are what the model generates after each prompt, whole and streamed, with log probabilities", async () => {
    const generated = async (prompt: string | number[], seed: number) =>
      all(model.generateTokens(prompt, { adapter: "plain", maxTokens: 6, temperature: 0.7, seed }));
    const asked = { model: "plain", max_tokens: 6, temperature: 0.7, seed: 3, n: 2 };
    const text = (tokens: Awaited<ReturnType<typeof generated>>) => tokens.map((token) => token.text).join("");
    const expected = [];
    for (const prompt of ["a film", "my day"])
      for (const seed of [3, 4]) expected.push(text(await generated(prompt, seed)));
    const whole = await at.client.completions.create({ ...asked, prompt: ["a film", "my day"] });
    expect(whole.choices.map((choice) => choice.text)).toEqual(expected);
    expect(whole.usage).toMatchObject({ completion_tokens: 24 });
    const pieces = ["", ""];
    const stream = await at.client.completions.create({ ...asked, prompt: "my day", stream: true });
    for await (const { choices } of stream) for (const { index, text: piece } of choices) pieces[index]! += piece;
    expect(pieces).toEqual(expected.slice(2));
    const ids = [1, 20, 31];
    const [tokens, more] = [await generated(ids, 3), { prompt: ids, n: 1, logprobs: 2 }];
    const [choice] = (await at.client.completions.create({ ...asked, ...more })).choices;
    expect(choice!.text).toBe(text(tokens));
    expect(choice!.logprobs!.token_logprobs).toEqual(tokens.map(({ logProbability }) => logProbability));
    expect(choice!.logprobs!.text_offset![1]).toBe(tokens[0]!.text.length);
    expect(choice!.logprobs!.top_logprobs!.every((top) => Object.keys(top).length === 2)).toBe(true);
  });

  it("are refused without a prompt, and with fields that they lack", async () => {
    const asked = { model: "tiny", prompt: "a film", max_tokens: 2 };
    for (const [change, param] of [
      [{ prompt: [] }, "prompt"],
      [{ prompt: [[1], "a"].concat([[1.5]] as never) }, "prompt"],
      [{ prompt: [100_000] }, "prompt"],
      [{ echo: true }, "echo"],
      [{ logit_bias: { "-1": 2 } }, "logit_bias"],
      [{ logit_bias: { 100000: 2 } }, "logit_bias"],
      [{ logprobs: 21 }, "logprobs"],
      [{ prompt: Array.from({ length: 81 }, () => "a") }, "prompt"],
      [{ prompt: Array.from({ length: 100_000 }, () => "a"), n: 16 }, "prompt"],
      [{ prompt: Array.from({ length: 6 }, () => "a"), n: 16 }, "n"],
    ] as const)
      await expect(at.client.completions.create({ ...asked, ...(change as object) })).rejects.toMatchObject({
        status: 400,
        param,
      });
  });
});

it("the biases of all choices are one copy", () => {
  const fields = { model: "tiny", prompt: ["a film", "my day"], max_tokens: 2, n: 2, logit_bias: { 12: 5 } };
  const requests = completions
    .ask(model, fields, {
      maxTokens: 8,
      maxAnswers: 4,
      maxMessages: 4,
      maxCharacters: 100,
    })
    .requests(null);
  const biases = requests.map(({ options }) => options.logitBias);
  expect(biases).toHaveLength(4);
  for (const one of biases) expect(one).toBe(biases[0]);
  expect(biases[0]).toEqual(new Map([[12, 5]]));
});

describe("the server", () => {
  it("loads and removes adapters while requests run, with a key and from where it is told", async () => {
    await again({ adapters: [] }, "none");
    const post = (name: string) => at.client.post<{ id: string }>("/adapters", { body: { name } });
    await expect(post("later")).rejects.toMatchObject({ status: 403 });
    const files = model.saveAdapter("plain");
    const loadAdapter = async (name: string) => (name === "later" ? files : name === "bad" ? {} : null);
    expect(() => languageServer(model, { loadAdapter })).toThrow(/give an apiKey too/);
    await again({ adapters: ["dora"], loadAdapter, apiKey: "secret" }, "secret");
    expect(await post("later")).toMatchObject({ id: "later", object: "model", parent: "tiny" });
    await expect(post("later")).rejects.toMatchObject({ status: 409 });
    await expect(post("bad")).rejects.toMatchObject({ status: 400, param: "name" });
    await expect(post("other")).rejects.toMatchObject({ status: 404 });
    await expect(post("../x")).rejects.toMatchObject({ status: 400 });
    const asked = { ...base, model: "later" };
    const running = await at.client.chat.completions.create({ ...asked, stream: true });
    expect(await at.client.delete("/adapters/later")).toEqual({ id: "later", object: "model", deleted: true });
    const said = (await all(running)).map(({ choices }) => choices[0]!.delta.content ?? "").join("");
    expect(said).toBe((await alone({ ...base, model: "plain" })).text);
    await expect(at.client.chat.completions.create(asked)).rejects.toMatchObject({ status: 404 });
    await expect(at.client.delete("/adapters/later")).rejects.toMatchObject({ status: 404 });
    expect(model.adapters().map(({ name }) => name)).toEqual(["plain", "dora"]);
  });

  it("loads one adapter of a name, and none once it is closed", async () => {
    const files = model.saveAdapter("plain");
    let wait = Promise.resolve();
    await again({ adapters: [], apiKey: "secret", loadAdapter: async () => wait.then(() => files) }, "secret");
    const post = (name: string) => at.client.post("/adapters", { body: { name } });
    const status = (asked: Promise<unknown>) =>
      asked.then(() => 200).catch((error: { status: number }) => error.status);
    expect((await Promise.all(["one", "one"].map((name) => status(post(name))))).sort()).toEqual([200, 409]);
    let come!: () => void;
    wait = new Promise((resolve) => (come = resolve));
    const late = status(post("late"));
    await nextTask();
    await server.close();
    come();
    expect(await late).toBe(503);
    expect(await status(post("later"))).toBe(503);
    expect(await status(at.client.delete("/adapters/one"))).toBe(503);
    expect(model.adapters().map(({ name }) => name)).toEqual(["plain", "dora", "one"]);
    model.removeAdapter("one");
  });

  it("counts for Prometheus, and says whether it has places", async () => {
    await again({ maxRunning: 1, maxWaiting: 0 });
    await at.client.chat.completions.create(base);
    await at.client.chat.completions.create({ ...base, temperature: -1 }).catch(() => undefined);
    await fetch(`${at.url}/x"y`);
    const page = await (await fetch(`${at.url}/metrics`)).text();
    const value = (name: string) =>
      Number(new RegExp(`^lowrank_${name.replace(/[{}+]/g, "\\$&")} (\\S+)$`, "m").exec(page)?.[1]);
    expect(value('requests_total{route="chat/completions",status="200"}')).toBe(1);
    expect(value('requests_total{route="chat/completions",status="400"}')).toBe(1);
    expect(value('requests_total{route="other",status="404"}')).toBe(1);
    expect(value("generated_tokens_total")).toBe(8);
    expect(value("time_to_first_token_seconds_count")).toBe(1);
    expect(value('time_to_first_token_seconds_bucket{le="+Inf"}')).toBe(1);
    expect(value("running")).toBe(0);
    expect(value("memory_bytes")).toBeGreaterThan(1000);
    const ready = async () => (await fetch(`${at.url}/ready`)).status;
    expect(await ready()).toBe(200);
    const stream = await at.client.chat.completions.create({ ...base, max_tokens: 80, stream: true });
    expect([await ready(), (await fetch(`${at.url}/health`)).status]).toEqual([503, 200]);
    stream.controller.abort();
    await until(async () => (await ready()) === 200);
  });

  it("asks for one of its keys, except for its health", async () => {
    await again({ apiKey: ["first", "second"] }, "second");
    expect(await all(at.client.models.list())).toHaveLength(3);
    for (const apiKey of ["third", "secon", "second2", ""]) {
      const headers = { authorization: `Bearer ${apiKey}` };
      const response = await fetch(`${at.url}/v1/models`, { headers });
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({
        error: { code: "invalid_api_key", type: "invalid_request_error" },
      });
    }
    expect((await fetch(`${at.url}/v1/nowhere`)).status).toBe(401);
    expect((await fetch(`${at.url}/health`)).status).toBe(200);
    for (const apiKey of ["my key", "secret\n", "schl\u00fcssel", ["first", "se cond"]]) {
      const thrown = expect(() => languageServer(model, { apiKey }));
      thrown.toThrow(/^languageServer: apiKey is of visible ASCII characters without spaces, as headers carry them$/);
    }
  });

  it("refuses prompts of too many messages or characters before a template writes them", async () => {
    await again({ maxTexts: 3, maxCharacters: 40 });
    const written = vi.spyOn(model.chatTemplate!, "apply");
    const said = (content: unknown, role = "user") => ({ role, content });
    const tool = { type: "function", function: { name: "look", description: "d".repeat(30), parameters: {} } };
    const asked = [
      [
        "chat/completions",
        { messages: Array.from({ length: 4 }, () => said("a")) },
        "messages",
        "maxTexts, 3, messages",
      ],
      ["chat/completions", { messages: [said("a".repeat(41))] }, "messages", "maxCharacters, 40"],
      ["chat/completions", { messages: [said("a".repeat(20)), said("b".repeat(20))] }, "messages", "maxCharacters, 40"],
      ["chat/completions", { messages: [said([{ type: "text", text: "a".repeat(40) }])] }, "messages", "maxCharacters"],
      ["chat/completions", { messages: [said("a")], tools: [tool] }, "messages", "maxCharacters, 40"],
      ["responses", { input: "a".repeat(41) }, "input", "maxCharacters, 40"],
      ["responses", { input: Array.from({ length: 4 }, () => said("a")) }, "input", "maxTexts, 3, messages"],
      ["completions", { prompt: "a".repeat(41) }, "prompt", "maxCharacters, 40"],
      ["completions", { prompt: ["a", "a".repeat(41)] }, "prompt", "maxCharacters, 40"],
    ] as const;
    for (const [path, body, param, limit] of asked) {
      const response = await fetch(`${at.url}/v1/${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ model: "tiny", ...body }),
      });
      const { error } = (await response.json()) as { error: { message: string } };
      expect(error, path).toMatchObject({ code: "invalid_value", param });
      expect(error.message).toContain(limit);
    }
    expect(written).not.toHaveBeenCalled();
    written.mockRestore();
    const fits = { ...base, messages: [said("a".repeat(15)), said("b"), said("c")] as typeof messages };
    expect((await at.client.chat.completions.create(fits)).choices).toHaveLength(1);
    // Their number of tokens is all that bounds ids.
    const ids = { model: "tiny", prompt: Array.from({ length: 60 }, () => 5), max_tokens: 2 };
    expect((await at.client.completions.create(ids)).choices).toHaveLength(1);
  });

  it("refuses prompts that are far too long without tokenizing them whole", async () => {
    await again({ maxCharacters: 1_000_000 });
    const { subwords } = (model.tokenizer as unknown as { parts: { subwords: { encode: (text: string) => unknown } } })
      .parts;
    const encode = vi.spyOn(subwords, "encode");
    const { chat, completions } = at.client;
    const rejected = async (answer: Promise<unknown>, param: string, most: number) => {
      const error = { status: 400, type: "invalid_request_error", code: "context_length_exceeded", param };
      await expect(answer).rejects.toMatchObject(error);
      expect(encode.mock.calls.reduce((sum, [text]) => sum + text.length, 0)).toBeLessThanOrEqual(most);
      encode.mockClear();
    };
    const complete = (prompt: string) => completions.create({ model: "tiny", prompt, max_tokens: 1 });
    // No token has more than five characters.
    await rejected(complete("a".repeat(900_000)), "prompt", 0);
    await rejected(complete("a film ".repeat(100_000)), "prompt", 0);
    await rejected(complete("a ".repeat(200)), "prompt", 400);
    // The template writes nine characters of a message.
    const many = Array.from({ length: 1000 }, () => ({ role: "user" as const, content: "a".repeat(500) }));
    await rejected(chat.completions.create({ ...base, messages: many }), "messages", 0);
  });

  it("says which field is wrong, in OpenAI's form", async () => {
    const wrong: [object, Record<string, unknown>, RegExp][] = [
      [{ temperature: -1 }, { param: "temperature", code: "invalid_value" }, /a number from 0 to 2/],
      [{ temperature: 2.1 }, { param: "temperature", code: "invalid_value" }, /a number from 0 to 2, got 2\.1/],
      [{ temprature: 1 }, { param: "temprature" }, /did you mean "temperature"/],
      [{ messages: [] }, { param: "messages" }, /at least one/],
      [{ messages: "hello" }, { param: "messages" }, /a list of/],
      [{ messages: [{ role: "user", content: [{ type: "image_url" }] }] }, { param: "messages" }, /takes text alone/],
      [{ messages: [{ content: "hello" }] }, { param: "messages" }, /role/],
      [{ max_tokens: 0 }, { param: "max_tokens" }, /whole number from 1/],
      [{ max_tokens: 96 }, { param: "messages", code: "context_length_exceeded" }, /96 positions/],
      [{ n: 17 }, { param: "n" }, /to 16/],
      [{ stop: [""] }, { param: "stop" }, /not empty/],
      [{ stream_options: { include_usage: 1 } }, { param: "stream_options.include_usage" }, /true or false/],
      [{ response_format: { type: "xml" } }, { param: "response_format.type" }, /"json_schema"/],
      [{ response_format: { type: "json_schema", json_schema: {} } }, { code: "invalid_value" }, /a JSON Schema/],
      [{ tools: [{ type: "custom" }] }, { param: "tools", code: "unsupported" }, /not supported/],
      [{ model: 5 }, { param: "model" }, /a name that GET/],
    ];
    for (const [change, error, message] of wrong) {
      const asked = at.client.chat.completions.create({ ...base, ...change });
      const found = await asked.then(() => null).catch((one: unknown) => one);
      expect(found).toBeInstanceOf(OpenAI.BadRequestError);
      expect(found).toMatchObject({ status: 400, type: "invalid_request_error", ...error });
      expect((found as Error).message).toMatch(message);
    }
  });

  it("refuses other bodies, methods and addresses", async () => {
    const post = (body: string, type = "application/json") =>
      fetch(`${at.url}/v1/chat/completions`, { method: "POST", headers: { "content-type": type }, body });
    const of = async (response: Response) => {
      const { error } = (await response.json()) as { error: { code: string } };
      return [response.status, error.code];
    };
    expect(await of(await post("{"))).toEqual([400, "format"]);
    expect(await of(await post("[]"))).toEqual([400, "format"]);
    expect(await of(await post('{"__proto__":{"model":"tiny"}}'))).toEqual([400, "invalid_value"]);
    expect(await of(await post("{}", "text/plain"))).toEqual([415, "media_type"]);
    expect(await of(await post(`"${"x".repeat(2 ** 20)}"`))).toEqual([413, "body_size"]);
    expect(await of(await fetch(`${at.url}/v1/chat/completions`))).toEqual([405, "method_not_allowed"]);
    expect(await of(await fetch(`${at.url}/v1/nothing`))).toEqual([404, "unknown_url"]);
    expect(await of(await post("{}"))).toEqual([400, "invalid_value"]);
    expect(({} as { model?: unknown }).model).toBeUndefined();
  });

  it("lets pages of named origins ask, and no others", async () => {
    const asks = (origin: string) =>
      fetch(`${at.url}/v1/chat/completions`, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" },
      });
    expect((await asks("https://one.example")).status).toBe(403);
    for (const cors of ["one.example", "localhost:3000", "https://one.example/", "HTTPS://one.example", ""])
      expect(() => languageServer(model, { cors }), cors).toThrow(/^languageServer: cors is /);
    await again({ cors: "https://one.example", apiKey: "secret" });
    const allowed = await asks("https://one.example");
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://one.example");
    expect(allowed.headers.get("access-control-allow-headers")).toBe("content-type");
    expect((await asks("https://two.example")).status).toBe(403);
    const refused = await fetch(`${at.url}/v1/models`, { headers: { origin: "https://one.example" } });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([401, "https://one.example"]);
    const other = await fetch(`${at.url}/health`, { headers: { origin: "https://two.example" } });
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("lets a page of the internet reach a private network if its origin is named", async () => {
    await again({ cors: "https://one.example" });
    const asked = (origin: string) =>
      fetch(`${at.url}/v1/models`, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "GET", "access-control-request-private-network": "true" },
      });
    const name = "access-control-allow-private-network";
    expect((await asked("https://one.example")).headers.get(name)).toBe("true");
    expect((await asked("https://two.example")).headers.get(name)).toBeNull();
  });

  it("refuses requests for names that it does not have", async () => {
    const named = languageServer(model, { allowedHosts: "Models.Example" });
    const asked = (address: string, headers: Record<string, string> = {}) =>
      named(new Request(`${address}/v1/models`, { headers }));
    expect((await asked("http://models.example")).status).toBe(200);
    expect((await asked("http://localhost", { host: "MODELS.example:8080" })).status).toBe(200);
    expect((await asked("http://evil.example")).status).toBe(403);
    const refused = await asked("http://localhost", { host: "evil.example:8080" });
    expect(refused.status).toBe(403);
    const error = { type: "invalid_request_error", code: "host", param: null };
    expect(await refused.json()).toMatchObject({ error });
    await named.close();
    for (const allowedHosts of ["http://one.example", "one.example:80", "one.example/", "*", ""])
      expect(() => languageServer(model, { allowedHosts }), allowedHosts).toThrow(/^languageServer: allowedHosts is /);
  });

  it("answers what it has begun when it is closed, and refuses the rest", async () => {
    const stream = await at.client.chat.completions.create({ ...base, stream: true });
    const closed = server.close();
    await expect(at.client.chat.completions.create(base)).rejects.toMatchObject({ status: 503 });
    expect((await fetch(`${at.url}/health`)).status).toBe(503);
    const events = await all(stream);
    expect(events.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe((await alone(base)).text);
    await closed;
    await server.close();
  });

  it("breaks off what takes too long, also where nobody reads", async () => {
    const errors: unknown[] = [];
    await again({ timeout: 1, onError: (error) => errors.push(error) });
    const late = at.client.chat.completions.create({ ...base, max_tokens: 80 });
    await expect(late).rejects.toMatchObject({ status: expect.toBeOneOf([504, 408]) });
    expect(errors.length).toBeLessThanOrEqual(1);
    await again({ timeout: 300, maxRunning: 1, maxWaiting: 0 });
    const request = (stream: boolean) =>
      new Request("http://localhost/v1/chat/completions", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...base, max_tokens: 80, stream }),
      });
    // A body that is never read.
    const first = await server(request(true));
    const ready = async () => (await server(new Request("http://localhost/ready"))).status;
    expect(await ready()).toBe(503);
    await until(async () => (await ready()) === 200);
    await expect(first.text()).rejects.toThrow(/not read in time/);
    const unread = await server(request(true));
    expect((await server(request(false))).status).toBe(503);
    await until(async () => (await server(request(false))).status === 200);
    await expect(unread.text()).rejects.toThrow(/not read in time/);
  });

  it("gives a body 30 seconds of the time that an answer may take", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      for (const path of ["chat/completions", "embeddings"]) {
        const init = { method: "POST", headers: { "content-type": "application/json" }, body: new ReadableStream() };
        const asked = server(new Request(`http://localhost/v1/${path}`, { ...init, duplex: "half" } as RequestInit));
        while (vi.getTimerCount() === 0) await Promise.resolve();
        await vi.advanceTimersByTimeAsync(30_000);
        const response = await asked;
        expect([response.status, await response.json()]).toMatchObject([408, { error: { code: "body_time" } }]);
        expect(vi.getTimerCount()).toBe(0);
      }
    } finally {
      vi.useRealTimers();
    }
  });

  it("says that it has failed where its engine was closed", async () => {
    const wasm = await projectFile("build/wasm/simd/lowrank_wasm_bg.wasm");
    const engine = await createEngine({ build: "simd", threads: 1, wasm });
    const errors: unknown[] = [];
    const own = languageServer(await tinyModel({}, engine), { onError: (error) => errors.push(error) });
    await engine.close();
    const response = await own(new Request("http://localhost/health"));
    expect([response.status, await response.json()]).toEqual([503, { status: "failed", running: 0, waiting: 0 }]);
    expect((await own(new Request("http://localhost/metrics"))).status).toBe(200);
    expect(errors).toEqual([]);
  });

  it("tells a stream's reader of an error in the middle", async () => {
    const file = modelPath("SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct.Q4_1.gguf");
    const some = await CausalLanguageModel.load(await ggufSource(() => fileSource(file), "SmolLM2"));
    const own = languageServer(some, { name: "smol" });
    const there = await listening(own);
    const said = [{ role: "user" as const, content: "Say hello." }];
    const asked = { model: "smol", messages: said, max_tokens: 3, temperature: 0 };
    const expected = (await all(some.generate(said, { maxTokens: 3 }))).join("");
    const { choices } = await there.client.chat.completions.create(asked);
    expect(choices[0]!.message.content).toBe(expected);
    const stream = await there.client.chat.completions.create({ ...asked, max_tokens: 200, stream: true });
    const read = async () => {
      for await (const event of stream) if (event.choices[0]?.delta.content) some.dispose();
    };
    await expect(read()).rejects.toThrow(/disposed/);
    expect((await fetch(`${there.url}/health`)).status).toBe(503);
    await there.close();
  });
});
