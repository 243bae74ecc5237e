import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CausalLanguageModel, GenerateOptions } from "../../../ts/entry/node.js";
import { languageServer } from "../../../ts/serve/index.js";
import { tinyModel } from "../../models/language/chat-model.js";
import { all } from "../../models/language/golden-decoder.js";

let model: CausalLanguageModel;
let server: ReturnType<typeof languageServer>;

beforeAll(async () => {
  model = await tinyModel();
  server = languageServer(model, { name: "tiny" });
});
afterAll(async () => {
  await server?.close();
  model?.dispose();
});

interface Answer {
  readonly choices: readonly { readonly text?: string; readonly message?: { readonly content: string } }[];
  readonly output: readonly { readonly content: readonly { readonly text: string }[] }[];
  readonly error?: { readonly message: string; readonly param: string; readonly code: string };
}

async function post(path: string, body: object) {
  const request = new Request(`http://localhost/v1/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "tiny", temperature: 0, ...body }),
  });
  const response = await server(request);
  return { status: response.status, body: (await response.json()) as Answer };
}

const messages = [{ role: "user" as const, content: "a film" }];
const chat = (outputs: unknown, more: object = {}) =>
  post("chat/completions", { messages, max_tokens: 40, structured_outputs: outputs, ...more });

describe("structured_outputs", () => {
  const regex = "[A-Z][a-z]{2,4} (19|20)\\d\\d";
  const grammar = 'root ::= "It is " ("good" | "bad") "."';
  const choice = ["good", "bad"];
  it.each<[object, GenerateOptions, RegExp]>([
    [{ regex, grammar: null }, { regex }, new RegExp(`^${regex}$`)],
    [{ grammar }, { grammar }, /^It is (good|bad)\.$/],
    [{ choice }, { choices: choice }, /^(good|bad)$/],
  ])("%j binds the answer as in the library, in chats, completions and responses", async (outputs, options, form) => {
    const said = async (prompt: typeof messages | string) =>
      (await all(model.generate(prompt, { ...options, maxTokens: 40 }))).join("");
    const asChat = await chat(outputs);
    expect(asChat.body.choices[0]!.message!.content).toMatch(form);
    expect(asChat.body.choices[0]!.message!.content).toBe(await said(messages));
    const more = { structured_outputs: outputs };
    const asText = await post("completions", { prompt: "a film", max_tokens: 40, ...more });
    expect(asText.body.choices[0]!.text).toBe(await said("a film"));
    const asResponse = await post("responses", { input: messages, max_output_tokens: 40, ...more });
    expect(asResponse.body.output[0]!.content[0]!.text).toBe(await said(messages));
  });

  it("that is wrong, or one of two formats, is refused by its name", async () => {
    const schema = { type: "json_schema", json_schema: { name: "a", schema: { type: "object" } } };
    const now = { type: "function", function: { name: "now" } };
    for (const [outputs, more, message] of [
      ["a", {}, /an object \{ regex \}/],
      [{ json: {} }, {}, /no option "json"/],
      [{ choice: [] }, {}, /one text or more/],
      [{ regex: "(?=a)b" }, {}, /look-around/],
      [{ grammar: 'rot ::= "a"' }, {}, /no rule root/],
      [{ regex: "a", choice: ["a"] }, {}, /regex and choices each bind the text/],
      [{ regex: "a" }, { response_format: schema }, /give one of the two/],
      [{ regex: "a" }, { tools: [now], tool_choice: "required" }, /regex and tools each bind the text/],
    ] as const) {
      const { status, body } = await chat(outputs, more);
      expect(status, JSON.stringify(outputs)).toBe(400);
      expect(body.error!.message).toMatch(message);
      expect(body.error!.code).toMatch(/^(invalid_value|unsupported)$/);
      if (!("json" in Object(outputs)) && !("choice" in Object(outputs)))
        expect(body.error!.param).toBe("structured_outputs");
    }
    for (const none of [null, {}, { regex: null }]) expect((await chat(none, { max_tokens: 2 })).status).toBe(200);
    expect((await chat({}, { max_tokens: 2, response_format: schema })).status).toBe(200);
  });
});
