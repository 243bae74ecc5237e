import { join } from "node:path";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CrossEncoder, SentenceEncoder, TextClassifier, writeFilesAtomically } from "../../../ts/entry/node.js";
import { type Fixture, lowrank, makeFixture, type Outcome } from "../fixture.js";
import { encoders, layered, output, rerankers, TinyRuns } from "../tiny-runs.js";
import { type TinyLanguageModel, tinyLanguageModel } from "../tiny-language-model.js";

const lora = { rank: 2, initLoraWeights: false, alpha: 60 } as const;

let made: Fixture;
let tiny: TinyLanguageModel;
let encoder: SentenceEncoder;
let cross: CrossEncoder;
let labels: TextClassifier;

beforeAll(async () => {
  [made, tiny] = await Promise.all([
    makeFixture(),
    tinyLanguageModel("{% for m in messages %}{{ m.content }}{% endfor %}"),
  ]);
  encoder = await SentenceEncoder.load(made.model);
  encoder.addAdapter("news", lora);
  cross = CrossEncoder.create(await SentenceEncoder.load(made.model), { lora });
  labels = TextClassifier.create(encoder, { labels: ["good", "bad"], lora });
  await writeFilesAtomically(made.path("news"), encoder.saveAdapter("news"));
  await writeFilesAtomically(made.path("order"), await cross.save());
  await writeFilesAtomically(made.path("whole-order"), await cross.save({ merged: true }));
  await writeFilesAtomically(made.path("labels"), labels.save());
});
afterAll(async () => {
  for (const model of [encoder, cross?.encoder]) model?.dispose();
  await Promise.all([made?.remove(), tiny?.remove()]);
});

/** Runs the command while `work` asks it; then ends it as Ctrl-C does. */
async function serving(args: readonly string[], work: (client: OpenAI) => Promise<void>): Promise<Outcome> {
  const end = new AbortController();
  const found: Promise<void>[] = [];
  const onOutput = (text: string) => {
    const [, baseURL] = /listening on (\S+)/.exec(text) ?? [];
    if (baseURL === undefined || found.length > 0) return;
    found.push(work(new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 })).finally(() => end.abort()));
  };
  const outcome = await lowrank(["serve", "--port", "0", ...args], { onOutput, signal: end.signal });
  await Promise.all(found);
  return outcome;
}

const texts = ["the film was good", "a very bad story"];
const vectors = async (adapter: string | null) =>
  (await encoder.encode(texts, { adapter, normalize: true })).map((row) => [...row]);
const asked = async (client: OpenAI, model: string) =>
  (await client.embeddings.create({ model, input: texts, encoding_format: "float" })).data.map(
    ({ embedding }) => embedding,
  );

it("serves an encoder with adapters, a cross-encoder and a classifier, without a language model", async () => {
  const args = [
    "--embedding-model",
    `small=${made.model}`,
    "--adapter",
    `mine=${made.path("news")}`,
    "--rerank-model",
    made.path("order"),
    "--rerank-model",
    `whole=${made.path("whole-order")}`,
    "--classifier",
    `mood=${made.path("labels")}`,
  ];
  const { code, out, err } = await serving(args, async (client) => {
    expect(await asked(client, "small")).toEqual(await vectors(null));
    expect(await asked(client, "mine")).toEqual(await vectors("news"));
    const scores = await cross.predict(texts.map((text) => ["a film", text] as const));
    const body = { model: "order", query: "a film", documents: texts };
    const ranked = await client.post<{ results: { index: number; relevance_score: number }[] }>("/rerank", { body });
    expect(ranked.results.map(({ relevance_score: score, index }) => [scores[index], score])).toEqual(
      [...scores].sort((a, b) => b - a).map((score) => [score, score]),
    );
    const whole = await client.post<typeof ranked>("/rerank", { body: { ...body, model: "whole" } });
    expect(whole.results.map(({ index }) => index)).toEqual(ranked.results.map(({ index }) => index));
    const { predictions } = await client.post<{ predictions: object[] }>("/classify", { body: { texts } });
    expect(predictions).toEqual((await labels.predict(texts)).map(({ text: _, ...rest }) => rest));
    const chat = client.chat.completions.create({ model: "small", messages: [{ role: "user", content: "hi" }] });
    await expect(chat).rejects.toMatchObject({ status: 404, param: "model" });
  });
  expect({ code, err }).toEqual({ code: 0, err: expect.not.stringContaining("rror") });
  expect(out).toMatch(
    /^small, mine {2}\(embeddings, rerank\)\norder {2}\(rerank\)\nwhole {2}\(rerank\)\nmood {2}\(classify\)\nlistening/,
  );
});

it("serves a language model beside one, each with its adapter, and an adapter's folder by its base", async () => {
  const tuned = join(tiny.folder, "tuned");
  const args = ["--model", tiny.model, "--name", "chat", "--adapter", `tuned=${tuned}`];
  const { code, out } = await serving([...args, "--embedding-model", made.path("news")], async (client) => {
    expect(await asked(client, "news")).toEqual(await vectors("news"));
    expect(await asked(client, encoder.name)).toEqual(await vectors(null));
    const messages = [{ role: "user" as const, content: "a film" }];
    const { model } = await client.chat.completions.create({ model: "tuned", messages, max_tokens: 2 });
    expect(model).toBe("tuned");
  });
  expect(code).toBe(0);
  expect(out).toContain(`chat, tuned  (chats, responses, completions)\n${encoder.name}, news  (embeddings, rerank)\n`);
});

it("serves a model under any name", async () => {
  const { code, out } = await serving(["--classifier", `__proto__=${made.path("labels")}`], async (client) => {
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(["__proto__"]);
  });
  expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^__proto__ {2}\(classify\)\nlistening/) });
});

it("says which names meet, and which adapter has no model", async () => {
  const twice = ["--embedding-model", `a=${made.model}`, "--classifier", `a=${made.path("labels")}`];
  const { code, err } = await lowrank(["serve", "--port", "0", ...twice]);
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining("two models are named a: name them") });
  const alone = ["--rerank-model", made.path("order"), "--adapter", made.path("news")];
  const lost = await lowrank(["serve", "--port", "0", ...alone]);
  expect({ code: lost.code, err: lost.err }).toEqual({
    code: 1,
    err: expect.stringMatching(/--adapter .*news: none of the models that take adapters/),
  });
});

describe("models whose layers are a language model's", () => {
  let runs: TinyRuns;
  beforeAll(async () => void (runs = await TinyRuns.make()));
  afterAll(() => runs?.remove());
  // Nothing is held out to choose a step by, so the last one is kept.
  const strong = ["--steps", "4", "--learning-rate", "0.005", "--validation-split", "0"];
  const plain = (rows: readonly Float32Array[]) => rows.map((row) => [...row]);
  const [query, ...documents] = ["where is the garden", "the garden is at 4", "the engine is at 2"] as const;
  const pairs = documents.map((text) => [query, text] as const);

  it.each([...layered, ["Qwen3-Reranker", rerankers["Qwen3-Reranker"]!] as const])(
    "%s: its vectors, classes and scores are served as the library computes them",
    { timeout: 120_000 },
    async (_, place) => {
      const model = await runs.model(place);
      const name = (task: string) => `${task}-${place.replace("/", "-")}`;
      const [vectors, mood, many] = [
        await runs.trained("pairs", model, name("pairs"), ...strong),
        await runs.trained("classify", model, name("classify"), ...strong),
        await runs.trained("multi-label", model, name("multi-label"), ...strong),
      ];
      const merged = runs.at(name("merged"));
      await output(["merge", mood, "--out", merged]);
      const args = ["--embedding-model", `small=${model}`, "--adapter", `mine=${vectors}`];
      args.push("--embedding-model", `run=${vectors}`);
      for (const [id, folder] of Object.entries({ mood, many, merged })) args.push("--classifier", `${id}=${folder}`);
      const orders: Record<string, string> = {};
      // The tiny tokenizer of EmbeddingGemma has no "yes" and "no".
      if (place !== encoders["EmbeddingGemma"]) {
        orders["order"] = await runs.trained("rank", model, name("rank"), ...strong);
        orders["whole"] = runs.at(name("whole"));
        await output(["merge", orders["order"], "--out", orders["whole"]]);
      }
      for (const [id, folder] of Object.entries(orders)) args.push("--rerank-model", `${id}=${folder}`);

      const { code, err } = await serving(args, async (client) => {
        using here = await SentenceEncoder.load(model);
        here.loadAdapter("mine", vectors);
        const normal = { normalize: true };
        const base = plain(await here.encode(texts, { adapter: null, ...normal }));
        const adapted = plain(await here.encode(texts, { adapter: "mine", ...normal }));
        expect(adapted).not.toEqual(base);
        expect(await asked(client, "small")).toEqual(base);
        expect(await asked(client, "mine")).toEqual(adapted);
        expect(await asked(client, "run")).toEqual(adapted);
        for (const [id, folder] of Object.entries({ mood, many, merged })) {
          const own = await TextClassifier.open(folder);
          const { predictions } = await client.post<{ predictions: object[] }>("/classify", {
            body: { model: id, texts },
          });
          expect(predictions).toEqual((await own.predict(texts)).map(({ text: __, ...rest }) => rest));
          own.encoder.dispose();
        }
        for (const [id, folder] of Object.entries(orders)) {
          using own = await CrossEncoder.load(folder);
          const scores = await own.predict(pairs);
          const body = { model: id, query, documents };
          const { results } = await client.post<{ results: { index: number; relevance_score: number }[] }>("/rerank", {
            body,
          });
          const given = Object.fromEntries(results.map(({ index, relevance_score: score }) => [index, score]));
          expect(given).toEqual({ ...scores });
        }
      });
      expect({ code, err }).toEqual({ code: 0, err: expect.not.stringContaining("rror") });
    },
  );
});
