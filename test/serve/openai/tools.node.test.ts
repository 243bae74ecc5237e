import type OpenAI from "openai";
import { afterEach, describe, expect, it } from "vitest";
import type { CausalLanguageModel, Tool } from "../../../ts/entry/node.js";
import { languageServer } from "../../../ts/serve/index.js";
import { all } from "../../models/language/golden-decoder.js";
import { signs, templatedModel, templateOf } from "../../models/language/tool-templates.js";
import { listening } from "./listening.js";

const tools: OpenAI.ChatCompletionFunctionTool[] = [
  {
    type: "function",
    function: {
      name: "weather",
      description: "the weather of a day",
      parameters: {
        type: "object",
        properties: { city: { enum: ["Paris", "Rome"] }, days: { type: "integer", minimum: 1, maximum: 3 } },
        required: ["city"],
      },
    },
  },
  { type: "function", function: { name: "now" } },
];

/** Throws unless a call is valid. */
function expectValid({ function: { name, arguments: given } }: { function: { name: string; arguments: string } }) {
  const value = JSON.parse(given) as { city?: string; days?: number };
  if (name === "now") return expect(value).toEqual({});
  expect(name).toBe("weather");
  expect(["Paris", "Rome"]).toContain(value.city);
  expect([undefined, 1, 2, 3]).toContain(value.days);
  expect(Object.keys(value).every((key) => ["city", "days"].includes(key))).toBe(true);
}

const messages = [{ role: "user" as const, content: "a film" }];
const base = { model: "tiny", messages, tools, max_tokens: 900, temperature: 1.2 };

let model: CausalLanguageModel | null = null;
let at: Awaited<ReturnType<typeof listening>> | null = null;

async function serve(template: string, special?: Readonly<Record<string, string>>) {
  model = await templatedModel(template, special);
  at = await listening(languageServer(model, { name: "tiny" }));
  return at.client.chat.completions;
}
afterEach(async () => {
  await at?.close();
  model?.dispose();
  [at, model] = [null, null];
});

/** The whole answer, and that of a stream of the same request. */
async function answers(chat: OpenAI.Chat.Completions, asked: OpenAI.ChatCompletionCreateParamsNonStreaming) {
  const { choices } = await chat.create(asked);
  const stream = chat.stream({ ...asked, stream: true });
  const streamed = await stream.finalChatCompletion();
  return { choice: choices[0]!, streamed: streamed.choices[0]! };
}

describe("tools", () => {
  for (const [family, sign] of Object.entries(signs))
    it(`that must be called are, with valid arguments, in the format of ${family}`, async () => {
      const template = family === "none of tools" ? "{{ messages[-1].content[:9] }}" : templateOf(sign);
      const chat = await serve(template);
      for (const seed of [1, 2, 3]) {
        const { choice, streamed } = await answers(chat, { ...base, seed, tool_choice: "required" });
        const { message, finish_reason: finish } = choice;
        expect(finish).toBe("tool_calls");
        expect(message.content).toBe(null);
        expect(message.tool_calls!.length).toBeGreaterThan(0);
        for (const call of message.tool_calls as OpenAI.ChatCompletionMessageFunctionToolCall[]) {
          expectValid(call);
          expect(call.id).toMatch(/^[a-z0-9]{9}$/);
        }
        expect(streamed.finish_reason).toBe("tool_calls");
        expect(streamed.message.tool_calls).toMatchObject(message.tool_calls!);
      }
      const one = { type: "function" as const, function: { name: "now" } };
      const { choices } = await chat.create({ ...base, tool_choice: one, parallel_tool_calls: false, seed: 4 });
      const called = choices[0]!.message.tool_calls!;
      expect(called).toMatchObject([{ type: "function", function: { name: "now", arguments: "{}" } }]);
    });

  it("are called by their special tokens where the vocabulary has them, or in place of JSON", async () => {
    const special = { "<s>": "<|tool_call_start|>", "<unk>": "<|tool_call_end|>" };
    const chat = await serve(templateOf("<|tool_list_start|>"), special);
    const options = { tools: tools as Tool[], temperature: 1.5, seed: 3, maxTokens: 900 };
    const tokens = await all(model!.generateTokens(messages, { ...options, toolChoice: "required" }));
    const ids = tokens.map(({ id }) => id);
    expect([ids[0], ids.at(-1), ids.slice(1, -1).some((id) => id < 2)]).toEqual([1, 0, false]);
    expect(tokens.map(({ text }) => text).join("")).toBe("");
    expect(tokens.flatMap(({ toolCalls = [] }) => toolCalls).length).toBeGreaterThan(1);

    const schema = { type: "object", properties: { good: { type: "boolean" } }, required: ["good"] };
    const either = (bias: number, schema: Record<string, unknown>) => {
      const format = { type: "json_schema" as const, json_schema: { name: "review", schema } };
      return answers(chat, { ...base, response_format: format, logit_bias: { 1: bias }, seed: 5 });
    };
    const called = await either(100, schema);
    expect(called.choice.finish_reason).toBe("tool_calls");
    expect(called.streamed.message.tool_calls).toMatchObject(called.choice.message.tool_calls!);
    const said = await either(-100, schema);
    expect(said.choice.finish_reason).toBe("stop");
    expect(said.choice.message.content).toMatch(/^\{"good":(true|false)\}$/);
    expect(said.streamed.message.content).toBe(said.choice.message.content);

    // A string of the answer's JSON that reads as a call is none.
    const text = "<|tool_call_start|>[now()]<|tool_call_end|>";
    const quoted = await either(-100, { const: text });
    expect(quoted.choice).toMatchObject({ finish_reason: "stop", message: { content: JSON.stringify(text) } });
    expect(quoted.streamed.message).toMatchObject({ content: JSON.stringify(text) });
    expect(quoted.choice.message.tool_calls).toBeUndefined();
  });

  it("change nothing that is said without a call, and nothing at all with none", async () => {
    const chat = await serve(templateOf("<tool_call>"));
    const asked = { ...base, max_tokens: 12, temperature: 0 };
    const said = async (prompt: string) => {
      const ids = model!.tokenizer!.encodeBare(prompt);
      return (await all(model!.generateTokens(ids, { maxTokens: 12 }))).map(({ text }) => text).join("");
    };
    const { choice, streamed } = await answers(chat, asked);
    const options = { addGenerationPrompt: true, tools: tools as Tool[] };
    expect(choice.message.content).toBe(await said(model!.applyChatTemplate(messages, options)));
    expect(choice).toMatchObject({ finish_reason: "length", message: { role: "assistant" } });
    expect(streamed.message.content).toBe(choice.message.content);
    const none = await answers(chat, { ...asked, tool_choice: "none" });
    expect(none.choice.message.content).toBe(
      await said(model!.applyChatTemplate(messages, { addGenerationPrompt: true })),
    );
  });

  it("and their results are part of a conversation, arguments as the template has them", async () => {
    const chat = await serve(templateOf("<tool_call>"));
    const call = (given: string) => ({
      id: "abcdefghi",
      type: "function" as const,
      function: { name: "weather", arguments: given },
    });
    const conversation = (given: string): OpenAI.ChatCompletionMessageParam[] => [
      ...messages,
      { role: "assistant", content: null, tool_calls: [call(given)] },
      { role: "tool", tool_call_id: "abcdefghi", content: "rain" },
    ];
    const written = model!.applyChatTemplate(
      [
        ...messages,
        {
          role: "assistant",
          content: "",
          tool_calls: [{ function: { name: "weather", arguments: { city: "Rome" } } }],
        },
        { role: "tool", content: "rain" },
      ],
      { addGenerationPrompt: true, tools: tools },
    );
    expect(written).toContain("(weather city=Rome)");
    const read = async (messages: OpenAI.ChatCompletionMessageParam[]) =>
      (await chat.create({ ...base, messages, max_tokens: 1 })).usage!.prompt_tokens;
    expect(await read(conversation('{"city": "Rome"}'))).toBe(model!.tokenizer!.encodeBare(written).length);
    // A call that was cut is no JSON: the template cannot write it, which is the client's error.
    await expect(read(conversation('{"city": "Ro'))).rejects.toMatchObject({ status: 400, code: "unsupported" });
  });

  it("that an answer has no room for are cut, and say so", async () => {
    const chat = await serve(templateOf("<tool_call>"));
    for (const most of [1, 20, 30, 40]) {
      const asked = { ...base, tool_choice: "required" as const, max_tokens: most, seed: 1 };
      const { choice, streamed } = await answers(chat, asked);
      const calls = choice.message.tool_calls ?? [];
      expect(choice.finish_reason).toBe("length");
      expect(streamed.finish_reason).toBe("length");
      expect(streamed.message.tool_calls ?? []).toMatchObject(calls);
    }
  });

  it("that are none are refused by name", async () => {
    const chat = await serve(templateOf("<tool_call>"));
    const named = (name: unknown, parameters?: unknown) => ({ type: "function", function: { name, parameters } });
    const hostile = JSON.parse('{"type":"object","properties":{"__proto__":{"not":{}}}}') as object;
    const required = { tool_choice: "required" };
    const wrong: [object, string, string][] = [
      [{ tools: "weather" }, "tools", "invalid_value"],
      [{ tools: [{ type: "custom", custom: { name: "a" } }] }, "tools", "unsupported"],
      [{ tools: [{ type: "function" }] }, "tools[0].function", "invalid_value"],
      [{ tools: [named("a b")] }, "tools[0].function.name", "invalid_value"],
      [{ tools: [named("a"), named("a")] }, "tools", "invalid_value"],
      [{ tools: [named("a", { type: "string" })] }, "tools[0].function.parameters", "invalid_value"],
      [{ tools: Array.from({ length: 129 }, (_, i) => named(`f${i}`)) }, "tools", "invalid_value"],
      [{ ...required, tools: [named("a", { not: {} })] }, "tools[0].function.parameters", "unsupported"],
      [
        { ...required, tools: [named("a", hostile)] },
        "tools[0].function.parameters.properties.__proto__",
        "unsupported",
      ],
      [{ ...required, tools: [] }, "tool_choice", "invalid_value"],
      [{ tool_choice: { type: "function", function: { name: "other" } } }, "tool_choice", "invalid_value"],
      [{ tool_choice: { type: "allowed_tools" } }, "tool_choice", "invalid_value"],
      [{ parallel_tool_calls: "yes" }, "parallel_tool_calls", "invalid_value"],
    ];
    for (const [change, param, code] of wrong)
      await expect(chat.create({ ...base, ...change } as never)).rejects.toMatchObject({ status: 400, code, param });
    // What binds nothing may be any schema.
    const free = { ...base, tools: [named("a", { not: {} })], max_tokens: 2 } as never;
    expect((await chat.create(free)) as unknown).toMatchObject({ object: "chat.completion" });
  });

  it("that a template does not write are texts, and parts of those messages that are not text are refused", async () => {
    const chat = await serve("{{ messages[-1].content }}");
    const ask = (message: object) => chat.create({ ...base, messages: [...messages, message], max_tokens: 1 } as never);
    const said = { role: "tool", tool_call_id: "abcdefghi" };
    const text = { type: "text", text: "rain" };
    const call = { id: "abcdefghi", type: "function", function: { name: "now", arguments: "{}" } };
    for (const part of [null, 5, "rain", {}, { type: "text" }, { type: "text", text: 5 }, { type: "image_url" }])
      for (const message of [said, { role: "assistant", tool_calls: [call] }])
        await expect(ask({ ...message, content: [text, part] })).rejects.toMatchObject({
          status: 400,
          code: "invalid_value",
          param: "messages",
          message: expect.stringMatching(/messages is a list whose parts are .* at place 1/),
        });
    const tokens = async (content: unknown) => (await ask({ ...said, content })).usage!.prompt_tokens;
    expect(await tokens([text, text])).toBe(await tokens("rain\nrain"));
    expect((await ask({ ...said, content: null })).choices).toHaveLength(1);
  });

  it("by keyword have a schema with properties at its root, and names that need no quotes", async () => {
    const chat = await serve(templateOf("<|tool_list_start|>"));
    const parameters = (fields: object) => ({ type: "object", $defs: { a: { type: "null" } }, ...fields });
    const asked = (fields: object) => ({
      ...base,
      tool_choice: "required" as const,
      seed: 2,
      tools: [{ type: "function" as const, function: { name: "f", parameters: parameters(fields) } }],
    });
    for (const fields of [{ properties: { "a b": {} } }, { anyOf: [{ properties: { a: {} } }] }, { $ref: "#/$defs/a" }])
      await expect(chat.create(asked(fields))).rejects.toMatchObject({
        status: 400,
        code: "unsupported",
        param: "tools[0].function.parameters",
      });
    const within = {
      properties: { none: { $ref: "#/$defs/a" }, more: { type: "boolean" } },
      required: ["none", "last"],
    };
    const { choices } = await chat.create({ ...asked({ ...within, additionalProperties: { enum: [7] } }) });
    const called = choices[0]!.message.tool_calls as OpenAI.ChatCompletionMessageFunctionToolCall[];
    for (const call of called) expect(JSON.parse(call.function.arguments)).toMatchObject({ none: null, last: 7 });
  });
});
