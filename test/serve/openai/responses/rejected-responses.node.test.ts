import { array, assert, asyncProperty, constant, constantFrom, jsonValue, oneof, record } from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CausalLanguageModel } from "../../../../ts/index.js";
import { type LanguageServer, languageServer } from "../../../../ts/serve/index.js";
import { responses } from "../../../../ts/serve/openai/endpoints/responses.js";
import { tinyModel } from "../../../models/language/chat-model.js";

let model: CausalLanguageModel;
let server: LanguageServer;
beforeAll(async () => {
  model = await tinyModel();
  server = languageServer(model, { name: "tiny" });
});
afterAll(() => model?.dispose());

interface Answer {
  readonly object?: string;
  readonly error?: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
  };
}

async function post(body: string) {
  const headers = { "content-type": "application/json" };
  const response = await server(new Request("http://localhost/v1/responses", { method: "POST", headers, body }));
  const text = await response.text();
  // A stream of events, which an odd body may ask for.
  const isStream = response.headers.get("content-type")!.startsWith("text/event-stream");
  return { status: response.status, body: isStream ? { object: "response" } : (JSON.parse(text) as Answer) };
}

const base = { model: "tiny", input: "a film", max_output_tokens: 2, temperature: 0 };
const call = { type: "function_call", call_id: "a", name: "now", arguments: "{}" };

describe("responses that are refused", () => {
  it("say which field is wrong, and what is not stored here", async () => {
    const wrong: [object, string | null, string, RegExp][] = [
      [{ input: undefined }, "input", "invalid_value", /a text, or a list of at least one item/],
      [{ input: [] }, "input", "invalid_value", /at least one item/],
      [{ input: [{ type: "reasoning", summary: [] }] }, "input", "invalid_value", /at least one item/],
      [{ input: ["a film"] }, "input[0]", "invalid_value", /an item/],
      [{ input: [{ role: "tool", content: "a" }] }, "input[0].role", "invalid_value", /"developer"/],
      [{ input: [{ role: "user" }] }, "input[0].content", "invalid_value", /input_text/],
      [{ input: [{ role: "user", content: [5] }] }, "input[0].content[0]", "invalid_value", /input_text/],
      [
        { input: [{ role: "user", content: [{ type: "input_text" }] }] },
        "input[0].content[0]",
        "invalid_value",
        /text/,
      ],
      [
        { input: [{ role: "user", content: [{ type: "input_image" }] }] },
        "input[0].content[0].type",
        "unsupported",
        /parts are texts/,
      ] as const,
      [{ input: [{ type: "item_reference", id: "a" }] }, "input[0].type", "unsupported", /items are messages/],
      [{ input: [{ ...call, call_id: 5 }] }, "input[0].call_id", "invalid_value", /text/],
      [{ input: [{ ...call, name: null }] }, "input[0].name", "invalid_value", /text/],
      [{ input: [{ ...call, arguments: {} }] }, "input[0].arguments", "invalid_value", /text/],
      [
        { input: [call, { type: "function_call_output", call_id: "b", output: "" }] },
        "input[1].call_id",
        "invalid_value",
        /of a function_call before it/,
      ] as const,
      [{ instructions: 5 }, "instructions", "invalid_value", /text/],
      [{ max_output_tokens: 0 }, "max_output_tokens", "invalid_value", /from 1/],
      [{ max_output_tokens: 96 }, "input", "context_length_exceeded", /96 positions/],
      [{ temperature: -1 }, "temperature", "invalid_value", /from 0/],
      [{ temperature: 9 }, "temperature", "invalid_value", /from 0 to 2/],
      [{ max_tokens: 5 }, "max_tokens", "invalid_value", /there is no/],
      [{ text: "json" }, "text", "invalid_value", /an object/],
      [{ text: { format: "json" } }, "text.format", "invalid_value", /an object/],
      [{ text: { format: { type: "xml" } } }, "text.format.type", "invalid_value", /"json_schema"/],
      [{ text: { format: { type: "json_schema" } } }, "text.format.schema", "invalid_value", /a JSON Schema/],
      [{ text: { format: { type: "json_schema", schema: { not: {} } } } }, "text.format", "unsupported", /schema/],
      [{ top_logprobs: 2 }, "top_logprobs", "invalid_value", /only beside include/],
      [{ include: ["file_search_call.results"] }, "include", "invalid_value", /one of/],
      [{ include: "all" }, "include", "invalid_value", /a list/],
      [{ metadata: { a: 5 } }, "metadata", "invalid_value", /at most 16 texts/],
      [{ store: "yes" }, "store", "invalid_value", /true or false/],
      [{ truncation: "auto" }, "truncation", "unsupported", /not supported/],
      [{ background: true }, "background", "unsupported", /not supported/],
      [{ previous_response_id: "resp_1" }, "previous_response_id", "unsupported", /stores no answers/],
      [{ conversation: { id: "conv_1" } }, "conversation", "unsupported", /stores no answers/],
      [{ prompt: { id: "pmpt_1" } }, "prompt", "unsupported", /stores no answers/],
      [{ stream_options: { include_obfuscation: true } }, "stream_options", "unsupported", /not supported/],
      [{ stream: 1 }, "stream", "invalid_value", /true or false/],
      [{ model: "nobody" }, "model", "model_not_found", /to generate there is "tiny", "plain"/],
    ];
    for (const [change, param, code, message] of wrong) {
      const { status, body } = await post(JSON.stringify({ ...base, ...change }));
      const says = JSON.stringify(change);
      expect(status, says).toBe(code === "model_not_found" ? 404 : 400);
      expect(body.error, says).toMatchObject({ type: "invalid_request_error", param, code });
      expect(body.error!.message, says).toMatch(message);
    }
  });

  it("cannot be asked for later", async () => {
    for (const [method, path] of [
      ["GET", "resp_1"],
      ["DELETE", "resp_1"],
      ["GET", "resp_1/input_items"],
    ] as const) {
      const response = await server(new Request(`http://localhost/v1/responses/${path}`, { method }));
      expect(response.status).toBe(404);
    }
  });

  it("have one of OpenAI's errors for any body, and change nothing", async () => {
    const odd = oneof(
      jsonValue({ maxDepth: 3 }),
      constantFrom<unknown>([call, call], [{ role: "user", content: "" }], { format: { type: "json_object" } }, [
        { type: "function", name: "now" },
      ]),
    );
    const names = [...Object.keys(responses.fields), "__proto__", "constructor", "messages", "toString"];
    const part = record(
      {
        type: constantFrom("input_text", "output_text", "refusal", "input_file", "__proto__"),
        text: odd,
        refusal: odd,
      },
      { requiredKeys: [] },
    );
    const item = record(
      {
        type: constantFrom("message", "function_call", "function_call_output", "reasoning", "computer_call"),
        role: constantFrom<unknown>("user", "assistant", "system", "developer", "tool", 5),
        content: oneof(array(part, { maxLength: 3 }), odd),
        call_id: constantFrom<unknown>("a", "b", 5),
        name: odd,
        arguments: constantFrom<unknown>("{}", "{", 5),
        output: odd,
      },
      { requiredKeys: [] },
    );
    const changes = array(
      oneof(
        record({ name: constantFrom(...names), value: odd }),
        record({ name: constant("input"), value: array(item, { maxLength: 4 }) }),
      ),
      { minLength: 1, maxLength: 3 },
    );
    const statuses = new Set<number>();
    await assert(
      asyncProperty(changes, async (list) => {
        // As a client may write it: also a field named __proto__.
        const fields = list.map(({ name, value }) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
        const { status, body } = await post(`{"model":"tiny","input":"a film","max_output_tokens":2,${fields.join()}}`);
        statuses.add(status);
        expect([200, 400, 404]).toContain(status);
        if (status === 200) expect(body.object).toBe("response");
        else expect(body.error).toMatchObject({ type: "invalid_request_error", message: expect.any(String) });
      }),
      { numRuns: 400, examples: [[[{ name: "__proto__", value: 1 }]]] },
    );
    expect([...statuses]).toEqual(expect.arrayContaining([200, 400]));
    expect(Object.keys(Object.prototype)).toEqual([]);
    const health = await server(new Request("http://localhost/health"));
    expect(await health.json()).toEqual({ status: "ok", running: 0, waiting: 0 });
  });
});
