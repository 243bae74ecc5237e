import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv from "ajv";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readOptions } from "../../../ts/arguments/options.js";
import type { CausalLanguageModel } from "../../../ts/index.js";
import { type LanguageServer, languageServer } from "../../../ts/serve/index.js";
import { generationEndpoints } from "../../../ts/serve/openai/language-routes.js";
import { textEndpoints } from "../../../ts/serve/openai/text-routes.js";
import { tinyModel } from "../../models/language/chat-model.js";
import { textModels, texts } from "./text-models.js";

type Schema = Readonly<Record<string, unknown>>;
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly securitySchemes?: unknown };
}
interface Operation {
  readonly operationId: string;
  readonly security?: unknown;
  readonly requestBody?: { readonly content: { readonly "application/json": { readonly schema: Schema } } };
}

let model: CausalLanguageModel;
let server: LanguageServer;
let document: Document;
const ask = (path: string, init?: RequestInit) => server(new Request(`http://localhost${path}`, init));
beforeAll(async () => {
  model = await tinyModel();
  server = languageServer(model, { name: "tiny" });
  const response = await ask("/openapi.json");
  expect(response.headers.get("content-type")).toBe("application/json");
  document = (await response.json()) as Document;
});
afterAll(() => model?.dispose());

const bodyOf = (path: string) => document.paths[path]!["post"]!.requestBody!.content["application/json"].schema;

/** A check by a schema of the document. Ajv knows what it uses of JSON Schema. */
function validator(schema: object) {
  const ajv = new Ajv({ schemaId: "auto", unknownFormats: "ignore" });
  ajv.addSchema(document, "document");
  const resolved = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')) as object;
  return ajv.compile(resolved);
}

describe("the document", () => {
  it("is one of OpenAPI 3.1", async () => {
    const check = new Validator();
    expect(await check.validate(structuredClone(document) as object as Record<string, unknown>)).toEqual({
      valid: true,
    });
    expect(check.version).toBe("3.1");
  });

  it("has the server's paths and methods, with a name of its own each", async () => {
    const methods = Object.entries(document.paths).flatMap(([path, own]) =>
      Object.keys(own).map((method) => [path.replace("{name}", "x"), method.toUpperCase()] as const),
    );
    expect(methods.length).toBeGreaterThanOrEqual(12);
    for (const [path, method] of methods) expect((await ask(path, { method })).status, path).not.toBe(405);
    for (const path of Object.keys(document.paths)) {
      const response = await ask(path.replace("{name}", "x"), { method: "PATCH" });
      const allowed = response.headers.get("allow")!.toLowerCase().split(", ");
      expect(Object.keys(document.paths[path]!), path).toEqual(allowed);
    }
    const ids = Object.values(document.paths).flatMap((own) => Object.values(own).map((one) => one.operationId));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("says which paths need a key, and needs none itself", async () => {
    expect(document.components.securitySchemes).toBeUndefined();
    const keyed = languageServer(model, { apiKey: "secret" });
    const { paths, components } = (await (
      await keyed(new Request("http://localhost/openapi.json"))
    ).json()) as Document;
    expect(components.securitySchemes).toEqual({ key: { type: "http", scheme: "bearer" } });
    for (const [path, own] of Object.entries(paths))
      for (const [method, { security }] of Object.entries(own)) {
        const response = await keyed(
          new Request(`http://localhost${path.replace("{name}", "x")}`, { method: method.toUpperCase() }),
        );
        expect(response.status === 401, path).toBe(security !== undefined);
      }
  });
});

const values = [
  true,
  false,
  0,
  1,
  -1,
  0.5,
  1.5,
  -0.5,
  2,
  16,
  17,
  20,
  21,
  1e9,
  2 ** 53,
  "",
  "x",
  "auto",
  [],
  ["a"],
  [""],
  [1],
  [[1]],
  [-1],
  [1.5],
  Array.from({ length: 17 }, () => "a"),
  {},
  { a: 1 },
  { include_usage: 1 },
  { include_usage: true },
  { type: "text" },
  { type: "xml" },
  { type: "json_object" },
  { type: "json_schema" },
  { type: "json_schema", json_schema: {} },
  { type: "json_schema", json_schema: { schema: {} } },
  { 12: 5 },
  { format: { type: "text" } },
  { format: { type: "xml" } },
  { format: { type: "json_schema", schema: {} } },
  { format: null },
  { format: 5 },
  ["message.output_text.logprobs"],
  { a: "b" },
  { a: "b".repeat(513) },
];

/** Fields that are checked later, with the model; and one whose check takes anything that has no such field. */
const later = ["messages", "prompt", "logit_bias", "tools", "tool_choice", "parallel_tool_calls", "stream_options"];

describe("schemas of bodies", () => {
  for (const [path, { fields }] of Object.entries({ ...generationEndpoints, ...textEndpoints }))
    it(`of ${path} have its fields, and values that its check takes`, () => {
      const { properties, required, additionalProperties } = bodyOf(path) as {
        properties: Record<string, Schema>;
        required: string[];
        additionalProperties: boolean;
      };
      expect(Object.keys(properties)).toEqual(Object.keys(fields));
      expect(additionalProperties).toBe(false);
      let compared = 0;
      const differ: string[] = [];
      for (const [name, read] of Object.entries(fields)) {
        const schema = properties[name]!;
        // Of a field without effect nothing is said.
        if (later.includes(name) || `${path}#${name}` === "/v1/responses#input" || Object.keys(schema).length === 0)
          continue;
        const valid = validator(schema);
        expect(valid(null), name).toBe(!required.includes(name));
        for (const value of values) {
          const refused = refusal(() => readOptions("a test", { [name]: value }, { [name]: read }));
          if (valid(value) === refused) differ.push(`${name} ${JSON.stringify(value)}`);
          compared++;
        }
      }
      expect(differ).toEqual([]);
      expect(compared).toBeGreaterThanOrEqual(3 * values.length);
    });

  it("take what clients send, and not what the server refuses", async () => {
    const messages = [{ role: "user", content: "a film" }];
    const parts = [{ role: "developer", content: [{ type: "text", text: "a film" }] }];
    const now = { type: "function", name: "now", parameters: null, strict: null };
    const cases: [string, object, boolean][] = [
      ["/v1/chat/completions", { model: "tiny", messages, max_tokens: 2, seed: null, user: "me" }, true],
      ["/v1/chat/completions", { model: "plain", messages: parts, max_tokens: 2, stop: ["x"], n: 2 }, true],
      ["/v1/chat/completions", { model: "tiny", messages, max_tokens: 2, logit_bias: { 12: 5 } }, true],
      ["/v1/chat/completions", { model: "tiny", messages: [], max_tokens: 2 }, false],
      ["/v1/chat/completions", { model: "tiny", messages: "a film" }, false],
      ["/v1/chat/completions", { model: "tiny", messages: [{ content: "a film" }] }, false],
      ["/v1/chat/completions", { model: "tiny", messages, temprature: 1 }, false],
      ["/v1/chat/completions", { messages }, false],
      ["/v1/completions", { model: "tiny", prompt: ["a film", "my day"], max_tokens: 2 }, true],
      ["/v1/completions", { model: "tiny", prompt: [1, 20], max_tokens: 2, logprobs: 2 }, true],
      ["/v1/completions", { model: "tiny", prompt: [], max_tokens: 2 }, false],
      ["/v1/completions", { model: "tiny", prompt: [1.5], max_tokens: 2 }, false],
      ["/v1/completions", { prompt: "a film" }, false],
      ["/v1/responses", { model: "tiny", input: "a film", max_output_tokens: 2, instructions: null }, true],
      ["/v1/responses", { model: "plain", input: messages, max_output_tokens: 2, tools: [now], store: true }, true],
      ["/v1/responses", { model: "tiny", input: messages, max_output_tokens: 2, seed: 3, metadata: { a: "b" } }, true],
      ["/v1/responses", { model: "tiny", input: [], max_output_tokens: 2 }, false],
      ["/v1/responses", { model: "tiny", input: "a film", max_tokens: 2 }, false],
      ["/v1/responses", { model: "tiny", input: "a film", tools: [{ ...now, name: "a b" }] }, false],
      ["/v1/responses", { model: "tiny", input: "a film", tool_choice: { type: "mcp" } }, false],
      ["/v1/responses", { input: "a film" }, false],
    ];
    for (const [path, body, isValid] of cases) {
      const headers = { "content-type": "application/json" };
      const { status } = await ask(path, { method: "POST", headers, body: JSON.stringify(body) });
      const says = JSON.stringify(body);
      expect(validator(bodyOf(path))(body), says).toBe(isValid);
      expect(status, says).toBe(isValid ? 200 : 400);
    }
  });
});

function refusal(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}

describe("schemas of answers", () => {
  const schema = (name: string) => ({ $ref: `#/components/schemas/${name}` });
  const json = { "content-type": "application/json" };
  const chat = { model: "plain", messages: [{ role: "user", content: "a film" }], max_tokens: 3, logprobs: true };

  it("are those of what the server answers", async () => {
    const post = (body: object) => ({ method: "POST", headers: json, body: JSON.stringify(body) });
    const cases: [string, RequestInit, string][] = [
      ["/v1/chat/completions", post({ ...chat, n: 2 }), "ChatCompletion"],
      ["/v1/completions", post({ model: "tiny", prompt: "a film", max_tokens: 2 }), "Completion"],
      ["/v1/responses", post({ model: "plain", input: "a film", max_output_tokens: 2 }), "Response"],
      ["/v1/models", {}, "ModelList"],
      ["/v1/models/plain", {}, "Model"],
      ["/health", {}, "Health"],
      ["/ready", {}, "Health"],
      ["/v1/models/nobody", {}, "Error"],
      ["/v1/chat/completions", post({}), "Error"],
      ["/v1/responses", post({ model: "tiny", input: "a film", previous_response_id: "resp_1" }), "Error"],
    ];
    for (const [path, init, name] of cases) {
      const valid = validator(schema(name));
      const body: unknown = await (await ask(path, init)).json();
      valid(body);
      expect(valid.errors, `${path} ${JSON.stringify(body)}`).toBeNull();
      expect(valid({ object: "other" }), name).toBe(false);
    }
  });

  it("are those of vectors, scores and classes", async () => {
    const own = await textModels();
    const { order, mood, topics } = own;
    const other = languageServer({ search: own.encoder, order, mood, topics });
    const input = texts.slice(0, 3);
    for (const [path, body, name] of [
      ["/v1/embeddings", { model: "search", input }, "EmbeddingList"],
      ["/v1/embeddings", { model: "plain", input, encoding_format: "base64" }, "EmbeddingList"],
      ["/v1/rerank", { model: "order", query: "a film", documents: input, return_documents: true }, "Reranking"],
      ["/v1/classify", { model: "mood", input }, "Classification"],
      ["/v1/classify", { model: "topics", texts: input }, "Classification"],
    ] as const) {
      const init = { method: "POST", headers: json, body: JSON.stringify(body) };
      const answer: unknown = await (await other(new Request(`http://localhost${path}`, init))).json();
      expect(validator(bodyOf(path))(body), path).toBe(true);
      const valid = validator(schema(name));
      valid(answer);
      expect(valid.errors, JSON.stringify(answer)).toBeNull();
      expect(valid({ ...(answer as object), usage: null }), name).toBe(false);
    }
    own.dispose();
  });

  it("are those of events", async () => {
    const eventsOf = async (path: string, body: object) => {
      const init = { method: "POST", headers: json, body: JSON.stringify({ ...body, stream: true }) };
      const text = await (await ask(path, init)).text();
      return text.split("\n").filter((line) => line.startsWith("data: {"));
    };
    for (const [path, body, name] of [
      ["/v1/chat/completions", chat, "ChatCompletionChunk"],
      ["/v1/responses", { model: "plain", input: "a film", max_output_tokens: 2 }, "ResponseEvent"],
    ] as const) {
      const [valid, whole] = [validator(schema(name)), validator(schema("Response"))];
      const events = await eventsOf(path, body);
      expect(events.length).toBeGreaterThan(3);
      for (const event of events) {
        const given = JSON.parse(event.slice("data: ".length)) as { response?: object };
        valid(given);
        expect(valid.errors, event).toBeNull();
        if (given.response !== undefined) expect(whole(given.response), event).toBe(true);
      }
    }
  });
});

it("adapters are loaded and removed as the document says", async () => {
  const files = model.saveAdapter("plain");
  const keyed = languageServer(model, { name: "tiny", apiKey: "k", adapters: [], loadAdapter: () => files });
  const headers = { "content-type": "application/json", authorization: "Bearer k" };
  const body = { name: "later" };
  expect(validator(bodyOf("/v1/adapters"))(body)).toBe(true);
  const asked = [
    ["Model", new Request("http://localhost/v1/adapters", { method: "POST", headers, body: JSON.stringify(body) })],
    ["DeletedModel", new Request("http://localhost/v1/adapters/later", { method: "DELETE", headers })],
  ] as const;
  for (const [name, request] of asked) {
    const valid = validator({ $ref: `#/components/schemas/${name}` });
    valid(await (await keyed(request)).json());
    expect(valid.errors).toBeNull();
  }
});
