import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CausalLanguageModel, CrossEncoder, SentenceEncoder, TextClassifier } from "../../ts/entry/node.js";
import { bytesSource } from "../../ts/io/byte-source.js";
import type { FileMap } from "../../ts/io/file-access.js";
import { AdapterServer, languageServer } from "../../ts/serve/index.js";
import { clientName, forClients } from "../../ts/serve/client-names.js";
import { chatFiles } from "../models/language/chat-model.js";
import { tinyEncoder, tinyTokenizer } from "../models/tiny-encoder.js";

const PLACE = "/srv/people/private";
/** A model as it is loaded from a folder. */
const folder = (name: string, files: FileMap) => ({
  name: `${PLACE}/${name}`,
  open: async (file: string) => (files[file] === undefined ? null : bytesSource(files[file])),
});
/** A word with an id that the model has no vector for. */
const word = "strange";
async function encoderFiles() {
  const tokenizer = tinyTokenizer();
  const vocab: Record<string, number> = { ...tokenizer.model.vocab, [word]: 1_000_000 };
  const file = new TextEncoder().encode(JSON.stringify({ ...tokenizer, model: { ...tokenizer.model, vocab } }));
  return { ...(await tinyEncoder()), "tokenizer.json": file };
}

let encoder: SentenceEncoder;
let language: CausalLanguageModel;
beforeAll(async () => {
  encoder = await SentenceEncoder.load(folder("search", await encoderFiles()));
  const template = new TextEncoder().encode("{{ raise_exception('no') }}");
  language = await CausalLanguageModel.load(folder("chat", await chatFiles({ "chat_template.jinja": template })));
});
afterAll(() => [encoder, language].forEach((model) => model?.dispose()));

const post = (path: string, body: object, headers = {}) =>
  new Request(`http://localhost${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });

it("errors name models as requests do, and no answer has a path", async () => {
  using order = CrossEncoder.create(encoder, { lora: { rank: 1 } });
  using mood = TextClassifier.create(encoder, { adapter: "mood", labels: ["good", "bad"], lora: { rank: 1 } });
  const server = languageServer({ talk: language, find: encoder, order, mood });
  // The encoder of three models is named as the first of them.
  const asked = [
    ["/v1/chat/completions", { model: "talk", messages: [{ role: "user", content: "a" }] }, "model talk"],
    ["/v1/responses", { model: "talk", input: "a" }, "model talk"],
    ["/v1/embeddings", { model: "find", input: word }, "model find"],
    ["/v1/rerank", { model: "order", query: "a", documents: [word] }, "model find"],
    ["/v1/classify", { model: "mood", input: word }, "model find"],
  ] as const;
  for (const [path, body, named] of asked) {
    const response = await server(post(path, body));
    const { error } = (await response.json()) as { error: { message: string } };
    expect(response.status).toBe(400);
    expect(error.message).toContain(named);
    expect(error.message).not.toContain(PLACE);
  }
});

it("a model that is served alone has its folder's name, without the path", async () => {
  const server = languageServer(encoder);
  const list = await (await server(new Request("http://localhost/v1/models"))).json();
  expect(list).toHaveProperty("data.0.id", "search");
  expect(JSON.stringify(list)).not.toContain(PLACE);
});

it("no answer about an adapter that cannot be loaded has its folder", async () => {
  const path = await mkdtemp(join(tmpdir(), "lowrank-names-"));
  try {
    await writeFile(join(path, "adapter_config.json"), "{");
    for (const where of [path, join(path, "missing")]) {
      const server = languageServer({ find: encoder }, { apiKey: "secret", loadAdapter: () => where });
      const response = await server(post("/v1/adapters", { name: "later" }, { authorization: "Bearer secret" }));
      const text = await response.text();
      expect(response.status).toBe(400);
      expect(text).not.toContain(path);
    }
  } finally {
    await rm(path, { recursive: true });
  }
});

it("a server of tenants' adapters neither", async () => {
  const server = new AdapterServer(encoder, { files: () => null });
  const health = await (await server.fetch(new Request("http://localhost/health"))).json();
  expect(health).toMatchObject({ model: "search" });
  const text = await (await server.fetch(post("/embed", { texts: [word] }))).text();
  expect(text).toContain("model search");
  expect(text).not.toContain(PLACE);
  await server.close();
});

it("names of the hub stay, and a path or an address has its last part", () => {
  for (const name of ["Qwen/Qwen3-0.6B", "all-MiniLM-L6-v2", "BAAI/bge@main", ""]) expect(clientName(name)).toBe(name);
  for (const path of [
    "/srv/models/small",
    "./small/",
    "C:\\models\\small",
    "work/models/small",
    "https://site/models/small?key=secret",
  ])
    expect(clientName(path)).toBe("small");
  for (const path of ["/", "..", "./", "C:\\"]) expect(clientName(path)).toBe("model");
});

it("a path is replaced as messages write it: whole, cut, and quoted", () => {
  const long = `/${"a".repeat(300)}`;
  expect(forClients(`model /${"a".repeat(199)}… (301 characters): no`, [[long, "one"]])).toBe("model one: no");
  expect(forClients('got "C:\\\\x"', [["C:\\x", "$&"]])).toBe('got "$&"');
});
