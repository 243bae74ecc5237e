import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type LanguageServer, languageServer, type LanguageServerOptions } from "../../../ts/serve/index.js";
import { CausalLanguageModel } from "../../../ts/index.js";
import { nextTask } from "../../../ts/waiting/next-task.js";
import { tinyModel } from "../../models/language/chat-model.js";
import { listening } from "./listening.js";
import { textModels, texts } from "./text-models.js";

type Models = Awaited<ReturnType<typeof textModels>>;

let own: Models;
let server: LanguageServer;
let at: Awaited<ReturnType<typeof listening>>;

beforeAll(async () => {
  own = await textModels();
});
afterAll(() => own?.dispose());

const served = () => ({
  search: own.encoder,
  order: own.order,
  entails: own.entails,
  mood: own.mood,
  topics: own.topics,
});

async function serve(options: LanguageServerOptions = {}, apiKey?: string) {
  server = languageServer(served(), options);
  at = await listening(server, apiKey);
}
beforeEach(() => serve());
afterEach(() => at.close());

async function again(options: LanguageServerOptions, apiKey?: string) {
  await at.close();
  await serve(options, apiKey);
}

async function post(path: string, body: unknown, init: RequestInit = {}) {
  const response = await fetch(`${at.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...init,
  });
  return { status: response.status, body: (await response.json()) as Answer };
}

interface Answer {
  readonly error?: { readonly param: string | null; readonly code: string; readonly message: string };
  readonly model: string;
  readonly results: { index: number; relevance_score: number; document?: { text: string } }[];
  readonly predictions: object[];
  readonly data: { id: string; parent?: string; task: string }[];
  readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number };
}

/** Vectors of length 1, as in OpenAI's API. */
const vectors = async (of: readonly string[], adapter: string | null, options = {}) =>
  (await own.encoder.encode(of, { adapter, normalize: true, ...options })).map((row) => [...row]);

describe("embeddings", () => {
  it("are the encoder's vectors to the bit, of each adapter, as numbers and in base64", async () => {
    for (const model of ["search", "plain", "dora"]) {
      const expected = await vectors(texts, model === "search" ? null : model);
      // The client asks for base64 unless a format is named.
      for (const format of [undefined, "float", "base64"] as const) {
        const encoding = format === undefined ? {} : { encoding_format: format };
        const found = await at.client.embeddings.create({ model, input: texts, ...encoding });
        expect(found).toMatchObject({ object: "list", model });
        expect(found.data.map(({ index, object }) => [index, object])).toEqual(texts.map((_, i) => [i, "embedding"]));
        const rows = found.data.map(({ embedding }) =>
          format === "base64" ? [...new Float32Array(bytesOf(embedding as unknown as string))] : embedding,
        );
        expect(rows).toEqual(expected);
        const tokens = own.encoder.tokenize(texts).reduce((sum, { length }) => sum + length, 0);
        expect(found.usage).toEqual({ prompt_tokens: tokens, total_tokens: tokens });
      }
    }
  });

  it("are of a text, of token ids, and of lists of these", async () => {
    const [ids, more] = own.encoder.tokenize(texts.slice(0, 2)).map((row) => [...row]);
    const expected = await vectors(texts.slice(0, 2), null);
    for (const [input, rows] of [
      [texts[0]!, expected.slice(0, 1)],
      [ids!, expected.slice(0, 1)],
      [[ids!, more!], expected],
    ] as const) {
      const found = await at.client.embeddings.create({
        model: "search",
        input: input as string,
        encoding_format: "float",
      });
      expect(found.data.map(({ embedding }) => embedding)).toEqual(rows);
    }
  });

  it("have the dimensions asked for and length 1, or the model's own length, and the model's prompts", async () => {
    const of = texts.slice(0, 3);
    const ask = async (more: object) => {
      const asked = { model: "search", input: of, encoding_format: "float" as const, ...more };
      return (await at.client.embeddings.create(asked)).data.map(({ embedding }) => embedding);
    };
    const cut = await ask({ dimensions: 5 });
    expect(cut).toEqual(await vectors(of, null, { truncateDim: 5 }));
    for (const row of cut) expect(Math.hypot(...row)).toBeCloseTo(1, 6);
    expect(await ask({ dimensions: own.encoder.hiddenSize })).toEqual(await vectors(of, null));
    expect(await ask({ normalize: false })).toEqual(await vectors(of, null, { normalize: false }));
    const prompted = await ask({ prompt_name: "query" });
    expect(prompted).toEqual(await vectors(of, null, { promptName: "query" }));
    expect(prompted).not.toEqual(await ask({}));
  });

  it("are of a long text's beginning, as `encode` truncates it, and never of too many token ids", async () => {
    const long = "a good film ".repeat(2000);
    const row = await at.client.embeddings.create({ model: "search", input: long, encoding_format: "float" });
    expect([row.data[0]!.embedding]).toEqual(await vectors([long], null));
    const { length } = own.encoder.tokenize([long])[0]!;
    expect(length).toBeLessThan(1000);
    expect(row.usage.prompt_tokens).toBe(length);
    const ids = Array.from({ length: length + 1 }, () => 5);
    const refused = await post("/v1/embeddings", { model: "search", input: ids });
    expect([refused.status, refused.body.error]).toMatchObject([
      400,
      { code: "context_length_exceeded", param: "input" },
    ]);
  });

  it("of many clients at once, each with its own adapter, are those of each alone", async () => {
    const asked = Array.from({ length: 30 }, (_, i) => ({
      model: ["search", "plain", "dora"][i % 3]!,
      input: texts.slice(i % 7, 1 + (i % 7) + (i % 5)),
      encoding_format: "float" as const,
      dimensions: 1 + (i % 9),
    }));
    const found = await Promise.all(asked.map((one) => at.client.embeddings.create(one)));
    for (const [i, { model, input, dimensions }] of asked.entries()) {
      const expected = await vectors(input, model === "search" ? null : model, { truncateDim: dimensions });
      expect(found[i]!.data.map(({ embedding }) => embedding)).toEqual(expected);
    }
  });
});

describe("reranking", () => {
  const query = "a good film";
  const inOrder = (scores: readonly number[]) =>
    scores
      .map((score, index) => ({ index, relevance_score: score }))
      .sort((a, b) => b.relevance_score - a.relevance_score || a.index - b.index);

  it("scores a long document by its beginning, as `predict` truncates it", async () => {
    const documents = [texts[0]!, "where is it ".repeat(2000)];
    const { body } = await post("/v1/rerank", { model: "order", query, documents });
    expect(body.results).toEqual(inOrder(await own.order.predict(documents.map((text) => [query, text] as const))));
    const tokens = own.order.tokenize(documents.map((text) => [query, text] as const));
    expect(body.usage.prompt_tokens).toBe(tokens.reduce((sum, { length }) => sum + length, 0));
  });

  it("gives a cross-encoder's scores, the best first", async () => {
    const scores = await own.order.predict(texts.map((text) => [query, text] as const));
    const whole = await post("/v1/rerank", { model: "order", query, documents: texts });
    expect(whole.status).toBe(200);
    expect(whole.body).toMatchObject({ object: "list", model: "order" });
    expect(whole.body.results).toEqual(inOrder(scores));
    const tokens = own.order.tokenize(texts.map((text) => [query, text] as const));
    const sum = tokens.reduce((total, { length }) => total + length, 0);
    expect(whole.body.usage).toEqual({ prompt_tokens: sum, total_tokens: sum });
    const documents = texts.map((text, i) => (i % 2 === 0 ? text : { text }));
    const top = await post("/v1/rerank", { model: "order", query, documents, top_n: 3, return_documents: true });
    expect(top.body.results).toEqual(
      inOrder(scores)
        .slice(0, 3)
        .map((result) => ({ ...result, document: { text: texts[result.index] } })),
    );
    const beyond = await post("/v1/rerank", { model: "order", query, documents: texts.slice(0, 2), top_n: 50 });
    expect(beyond.body.results).toHaveLength(2);
  });

  it("of several clients at once is that of each alone", async () => {
    const found = await Promise.all(
      texts.map((text) => post("/v1/rerank", { model: "order", query: text, documents: texts.slice(0, 5) })),
    );
    for (const [i, { body }] of found.entries()) {
      const scores = await own.order.predict(texts.slice(0, 5).map((text) => [texts[i]!, text] as const));
      expect(body.results).toEqual(inOrder(scores));
    }
  });

  it("gives the cosines of an encoder's vectors, with its prompts and adapters", async () => {
    for (const model of ["search", "plain"]) {
      const options = { adapter: model === "search" ? null : model, normalize: true };
      const [asked] = await own.encoder.encodeQuery([query], options);
      const rows = await own.encoder.encodeDocument(texts, options);
      const cosines = rows.map((row) => row.reduce((sum, x, i) => sum + x * asked![i]!, 0));
      const { body } = await post("/v1/rerank", { model, query, documents: texts });
      expect(body.results).toEqual(inOrder(cosines));
    }
  });
});

describe("reranking for clients of Cohere's API", () => {
  const asked = { model: "order", query: "a good film", documents: texts };
  it("has their newer address and fields, where these shorten nothing", async () => {
    const { status, body } = await post("/v1/rerank", asked);
    expect(status).toBe(200);
    const most = own.order.encoder.tokenizer.maxTokens;
    const newer = await post("/v2/rerank", { ...asked, max_tokens_per_doc: most, priority: 1 });
    expect(newer).toMatchObject({ status: 200, body: { model: "order", results: body.results } });
    const error = {
      param: "max_tokens_per_doc",
      message: expect.stringContaining(`at least the model's maximum, ${most}`),
    };
    for (const model of ["order", "search"]) {
      const less = await post("/v2/rerank", { ...asked, model, max_tokens_per_doc: most - 1 });
      expect(less).toMatchObject({ status: 400, body: { error } });
    }
  });

  it("by an encoder has as many documents as may wait, with the query beside them", async () => {
    await again({ maxTexts: texts.length, maxWaitingTexts: texts.length });
    const { status, body } = await post("/v1/rerank", { ...asked, model: "search" });
    expect([status, body.results.length]).toEqual([200, texts.length]);
  });
});

describe("classification", () => {
  it("gives the predictions of a classifier, of one label a text or several", async () => {
    for (const [model, classifier] of [
      ["mood", own.mood],
      ["topics", own.topics],
    ] as const) {
      const expected = (await classifier.predict(texts)).map(({ text: _, ...rest }) => rest);
      for (const name of ["input", "texts"]) {
        const { status, body } = await post("/v1/classify", { model, [name]: texts });
        expect(status).toBe(200);
        expect(body).toMatchObject({ object: "list", model });
        expect(body.predictions).toEqual(expected);
      }
      const { body } = await post("/v1/classify", { model, input: texts[0] });
      expect(body.predictions).toEqual(expected.slice(0, 1));
      expect(body.usage.total_tokens).toBe(own.encoder.tokenize(texts.slice(0, 1))[0]!.length);
    }
  });

  it("beside embeddings on the same encoder, both at once", async () => {
    const expected = (await own.mood.predict(texts)).map(({ text: _, ...rest }) => rest);
    const rows = await vectors(texts, "dora");
    const [classes, found] = await Promise.all([
      post("/v1/classify", { model: "mood", input: texts }),
      at.client.embeddings.create({ model: "dora", input: texts, encoding_format: "float" }),
    ]);
    expect(classes.body.predictions).toEqual(expected);
    expect(found.data.map(({ embedding }) => embedding)).toEqual(rows);
  });
});

describe("a server of several models", () => {
  it("lists them with what they are for, but not the adapters of classifiers", async () => {
    const { data } = (await (await fetch(`${at.url}/v1/models`)).json()) as Answer;
    expect(data.map(({ id, task, parent }) => [id, task, parent])).toEqual([
      ["search", "embed", undefined],
      ["plain", "embed", "search"],
      ["dora", "embed", "search"],
      ["order", "rerank", undefined],
      ["entails", "rerank", undefined],
      ["mood", "classify", undefined],
      ["topics", "classify", undefined],
    ]);
  });

  it("answers chats beside them, and needs no name where one model alone can answer", async () => {
    const language = await tinyModel();
    const some = await listening(
      languageServer({ chat: language, search: own.encoder, order: own.order, mood: own.mood }),
    );
    const messages = [{ role: "user" as const, content: "a film" }];
    const chat = { model: "chat", messages, max_tokens: 4, temperature: 0 };
    const said = async () => (await some.client.chat.completions.create(chat)).choices[0]!.message.content;
    const first = await said();
    const [whole, found] = await Promise.all([
      said(),
      some.client.embeddings.create({ model: "plain", input: texts, encoding_format: "float" }),
    ]);
    expect(whole).toBe(first);
    expect(found.data[0]!.embedding).toEqual((await vectors(texts.slice(0, 1), "plain"))[0]);
    for (const [path, body, model] of [
      ["rerank", { query: "a", documents: ["b"] }, "order"],
      ["classify", { texts: ["a film"] }, "mood"],
    ] as const) {
      const response = await fetch(`${some.url}/v1/${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      expect(await response.json()).toMatchObject({ model });
    }
    // Both have an adapter of this name: it means that of the route's model.
    const both = await some.client.chat.completions.create({ ...chat, model: "plain" });
    expect(both.model).toBe("plain");
    const other = some.client.chat.completions.create({ ...chat, model: "search" });
    await expect(other).rejects.toMatchObject({ status: 400, param: "model", message: /is a model to embed/ });
    await some.close();
    language.dispose();
    expect(language).toBeInstanceOf(CausalLanguageModel);
  });

  it("is not made of other things, of no models, or of two language models", async () => {
    const language = await tinyModel();
    const make =
      (models: unknown, options = {}) =>
      () =>
        languageServer(models as never, options);
    for (const models of [{}, null, [], "model", { a: 1 }, { "": own.encoder }, new Map()])
      expect(make(models)).toThrow(/^languageServer: models.* is a CausalLanguageModel, SentenceEncoder/);
    expect(make({ a: language, b: language })).toThrow(/at most one language model/);
    expect(make({ a: own.encoder }, { name: "b" })).toThrow(/name is of one model/);
    expect(make(own.encoder, { maxTexts: 5, maxWaitingTexts: 4 })).toThrow(/maxWaitingTexts is at least maxTexts, 5/);
    language.dispose();
    expect(make({ a: own.encoder, b: language })).toThrow(/was disposed/);
  });

  it("loads and removes an encoder's adapters while requests use them", async () => {
    const files = own.encoder.saveAdapter("plain");
    const options = { apiKey: "secret", adapters: ["dora"], loadAdapter: async () => files };
    await again(options, "secret");
    const load = (body: object) => at.client.post<{ id: string }>("/adapters", { body });
    await expect(load({ name: "later", base: "mood" })).rejects.toMatchObject({ status: 400 });
    await expect(load({ name: "later", base: "none" })).rejects.toMatchObject({ status: 404 });
    expect(await load({ name: "later" })).toMatchObject({ id: "later", task: "embed", parent: "search" });
    const expected = await vectors(texts, "plain");
    const asked = () => at.client.embeddings.create({ model: "later", input: texts, encoding_format: "float" });
    expect((await asked()).data.map(({ embedding }) => embedding)).toEqual(expected);
    // Each comes before the adapter goes, and gets its vectors, or after.
    const running = Array.from({ length: 6 }, () => asked().catch((error: { status: number }) => error.status));
    expect(await at.client.delete("/adapters/later")).toMatchObject({ id: "later", deleted: true });
    for (const one of await Promise.all(running))
      expect(typeof one === "number" ? one : one.data.map(({ embedding }) => embedding)).toEqual(
        one === 404 ? 404 : expected,
      );
    await expect(asked()).rejects.toMatchObject({ status: 404, code: "model_not_found" });
    await load({ name: "later" });
    await at.client.delete("/adapters/later");
    expect(own.encoder.adapters().map(({ name }) => name)).toEqual(["plain", "dora", "mood"]);
    await expect(at.client.delete("/adapters/mood")).rejects.toMatchObject({ status: 400 });
  });

  it("needs the key and counts what it has computed", async () => {
    await again({ apiKey: "secret" }, "secret");
    for (const path of ["embeddings", "rerank", "classify"]) expect((await post(`/v1/${path}`, {})).status).toBe(401);
    const { usage } = await at.client.embeddings.create({ model: "search", input: texts });
    const page = await (await metrics(server)).text();
    expect(page).toContain(`lowrank_prompt_tokens_total ${usage.total_tokens}\n`);
    expect(page).toContain('requests_total{route="embeddings",status="200"} 1\n');
    expect(page).toMatch(
      /^# HELP lowrank_waiting_texts .+\.\n# TYPE lowrank_waiting_texts gauge\nlowrank_waiting_texts 0$/m,
    );
  });
});

const metrics = (of: LanguageServer) =>
  of(new Request("http://localhost/metrics", { headers: { authorization: "Bearer secret" } }));

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, "base64")).buffer;

describe("a request", () => {
  it("that is wrong is refused by its field", async () => {
    const e = { model: "search", input: "a film" };
    const r = { model: "order", query: "a", documents: ["b"] };
    const c = { model: "mood", input: "a film" };
    const wrong: [string, object, string | null, RegExp][] = [
      ["embeddings", { input: "a" }, "model", /model is a name that GET \/v1\/models lists/],
      ["embeddings", { ...e, model: "nobody" }, "model", /no model "nobody"/],
      ["embeddings", { ...e, model: "order" }, "model", /a model to rerank/],
      ["embeddings", { ...e, input: [] }, "input", /a list of token ids/],
      ["embeddings", { ...e, input: null }, "input", /a list of token ids/],
      ["embeddings", { ...e, input: ["a", 1] }, "input", /got 1 at place 1/],
      ["embeddings", { ...e, input: ["a", [1]] }, "input", /at place 1/],
      ["embeddings", { ...e, input: [[1], []] }, "input", /at place 1/],
      ["embeddings", { ...e, input: [[1], [1.5]] }, "input", /at place 1/],
      ["embeddings", { ...e, input: [[-1]] }, "input", /at place 0/],
      ["embeddings", { ...e, input: [100_000] }, "input", /token ids are from 0 to/],
      ["embeddings", { ...e, input: [2 ** 40] }, "input", /token ids are from 0 to/],
      ["embeddings", { ...e, input: Array.from({ length: 600 }, () => 1) }, "input", /positions, got 600/],
      ["embeddings", { ...e, input: Array.from({ length: 2049 }, () => "a") }, "input", /at most 2048 texts/],
      ["embeddings", { ...e, input: { text: "a" } }, "input", /a list of token ids/],
      ["embeddings", { ...e, encoding_format: "int8" }, "encoding_format", /"float", "base64"/],
      ["embeddings", { ...e, dimensions: 33 }, "dimensions", /from 1 to 32/],
      ["embeddings", { ...e, dimensions: 0 }, "dimensions", /from 1/],
      ["embeddings", { ...e, dimensions: 1.5 }, "dimensions", /whole number/],
      ["embeddings", { ...e, prompt_name: "other" }, "prompt_name", /no prompt "other"/],
      ["embeddings", { ...e, input: [1, 2], prompt_name: "query" }, "prompt_name", /not before token ids/],
      ["embeddings", { ...e, inputs: "a" }, "inputs", /did you mean "input"/],
      ["rerank", { documents: ["b"] }, "query", /text/],
      ["rerank", { ...r, model: undefined }, "model", /name a model/],
      ["rerank", { ...r, model: "mood" }, "model", /a model to classify/],
      ["rerank", { ...r, model: "entails" }, "model", /3 labels/],
      ["rerank", { ...r, query: ["a"] }, "query", /text/],
      ["rerank", { ...r, documents: [] }, "documents", /at least one/],
      ["rerank", { ...r, documents: "b" }, "documents", /at least one/],
      ["rerank", { ...r, documents: ["b", { title: "b" }] }, "documents", /at place 1/],
      ["rerank", { ...r, documents: Array.from({ length: 2049 }, () => "a") }, "documents", /at most 2048/],
      ["rerank", { ...r, top_n: 0 }, "top_n", /from 1/],
      ["rerank", { ...r, return_documents: 1 }, "return_documents", /true or false/],
      ["classify", { ...c, input: [] }, "input", /at least one/],
      ["classify", { ...c, input: [[1]] }, "input", /at place 0/],
      ["classify", { model: "mood" }, "input", /one of input and texts/],
      ["classify", { ...c, texts: ["a"] }, "input", /one of input and texts/],
      ["classify", { input: "a" }, "model", /name a model/],
      ["classify", { ...c, model: "search" }, "model", /a model to embed/],
    ];
    for (const [path, body, param, message] of wrong) {
      const { status, body: answer } = await post(`/v1/${path}`, body);
      expect({ path, body, status, ...answer.error }).toMatchObject({
        status: answer.error?.code === "model_not_found" ? 404 : 400,
        param,
        message: expect.stringMatching(message),
      });
    }
  });

  it("with a text of more than maxCharacters is refused, whatever it is for", async () => {
    await again({ maxCharacters: 10 });
    const [fits, long] = ["good film!", "good films!"];
    const bodies = [
      ["embeddings", "input", { model: "search", input: [fits, long] }],
      ["rerank", "query", { model: "order", query: long, documents: [fits] }],
      ["rerank", "documents", { model: "order", query: fits, documents: [fits, long] }],
      ["classify", "input", { model: "mood", input: long }],
    ] as const;
    for (const [path, field, body] of bodies) {
      const refused = await post(`/v1/${path}`, body);
      expect([refused.status, refused.body.error?.param], path).toEqual([400, field]);
      expect(refused.body.error?.message).toMatch(/at most maxCharacters, 10, and .* has 11$/);
      const text = JSON.stringify(body).replaceAll(long, fits);
      expect((await post(`/v1/${path}`, JSON.parse(text))).status, path).toBe(200);
    }
  });

  it("with a text that the tokenizer cannot read is refused", async () => {
    const marks = `a${"\u0903".repeat(1001)}`;
    const cases: [string, object][] = [
      ["embeddings", { model: "search", input: [texts[0], marks] }],
      ["rerank", { model: "order", query: "a", documents: [texts[0], marks] }],
      ["rerank", { model: "search", query: marks, documents: texts }],
      ["classify", { model: "mood", input: [texts[0], marks] }],
    ];
    for (const [path, body] of cases)
      expect(await post(`/v1/${path}`, body)).toMatchObject({
        status: 400,
        body: { error: { code: "unsupported", message: expect.stringContaining("combining marks") } },
      });
  });

  it("that is hostile changes nothing and costs nothing", async () => {
    const { signal } = new AbortController();
    for (const path of ["embeddings", "rerank", "classify"]) {
      const raw = async (body: BodyInit, type = "application/json") => {
        const headers = { "content-type": type };
        const response = await fetch(`${at.url}/v1/${path}`, { method: "POST", headers, body, signal });
        return [response.status, ((await response.json()) as Answer).error?.code];
      };
      expect(await raw("{")).toEqual([400, "format"]);
      expect(await raw("[]")).toEqual([400, "format"]);
      expect(await raw('{"__proto__":{"model":"search","input":"a"}}')).toEqual([400, "invalid_value"]);
      expect(await raw('{"constructor":{"prototype":{"model":"search"}}}')).toEqual([400, "invalid_value"]);
      expect(await raw('{"model":"__proto__","input":"a","query":"a","documents":["b"]}')).toEqual([
        400,
        "invalid_value",
      ]);
      expect(await raw("{}", "text/plain")).toEqual([415, "media_type"]);
      expect(await raw(`{"input":"${"x".repeat(2 ** 20)}"}`)).toEqual([413, "body_size"]);
      expect(await raw(`{"input":${"[".repeat(50_000)}${"]".repeat(50_000)}}`)).toEqual([400, expect.any(String)]);
      expect((await fetch(`${at.url}/v1/${path}`)).status).toBe(405);
    }
    expect((await post("/v1/embeddings", { model: "__proto__", input: "a" })).status).toBe(404);
    expect(({} as { model?: unknown }).model).toBeUndefined();
    const [row] = await vectors(["a film"], null);
    const found = await at.client.embeddings.create({ model: "search", input: "a film", encoding_format: "float" });
    expect(found.data[0]!.embedding).toEqual(row);
  });

  /** As many texts as take some tens of passes. */
  const many = Array.from({ length: 2000 }, (_, i) => texts[i % texts.length]!);
  const ask = (signal?: AbortSignal) =>
    server(
      new Request("http://localhost/v1/embeddings", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ model: "plain", input: many }),
        ...(signal !== undefined && { signal }),
      }),
    );

  it("beyond the places is refused, and asks for another try", async () => {
    for (const options of [
      { maxTexts: 2000, maxWaitingTexts: 2000 },
      { maxRunning: 1, maxWaiting: 0 },
    ]) {
      await again(options);
      const found = await Promise.all([ask(), ask()]);
      expect(found.map(({ status }) => status).sort()).toEqual([200, 503]);
      const refused = found.find(({ status }) => status === 503)!;
      expect(refused.headers.get("retry-after")).toBe("1");
      expect(await refused.json()).toMatchObject({ error: { code: "overloaded", type: "server_error" } });
    }
  });

  it("of a client that leaves is given up, and one that is late is answered so", async () => {
    const errors: unknown[] = [];
    const waiting = async () => Number(/waiting_texts (\d+)/.exec(await (await metrics(server)).text())![1]);
    for (const turns of [0, 1, 2, 4, 8]) {
      const leaves = new AbortController();
      const left = ask(leaves.signal);
      // Fewer turns than it has passes, each of which takes one.
      for (let turn = 0; turn < turns; turn++) await nextTask();
      leaves.abort();
      expect((await left).status).toBe(499);
      expect(await waiting()).toBe(0);
    }
    await again({ timeout: 1, onError: (error) => errors.push(error) });
    expect([504, 408]).toContain((await ask()).status);
    expect(await waiting()).toBe(0);
    await server.close();
    expect((await ask()).status).toBe(503);
    expect(errors.every((error) => (error as Error).message.includes("not complete within"))).toBe(true);
  });
});
