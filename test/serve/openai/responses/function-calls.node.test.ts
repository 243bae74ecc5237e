import type OpenAI from "openai";
import { afterEach, describe, expect, it } from "vitest";
import type { CausalLanguageModel } from "../../../../ts/entry/node.js";
import { languageServer } from "../../../../ts/serve/index.js";
import { all } from "../../../models/language/golden-decoder.js";
import { signs, templateOf, templatedModel } from "../../../models/language/tool-templates.js";
import { listening } from "../listening.js";

type Call = OpenAI.Responses.ResponseFunctionToolCall;

const parameters = {
  type: "object",
  properties: { city: { enum: ["Paris", "Rome"] }, days: { type: "integer", minimum: 1, maximum: 3 } },
  required: ["city"],
};
const tools: OpenAI.Responses.FunctionTool[] = [
  { type: "function", name: "weather", description: "the weather of a day", parameters, strict: true },
  { type: "function", name: "now", parameters: null, strict: null },
];
/** The same as chat completions have them. */
const chatTools = [
  {
    type: "function" as const,
    function: { name: "weather", description: "the weather of a day", parameters, strict: true },
  },
  { type: "function" as const, function: { name: "now" } },
];

let model: CausalLanguageModel | null = null;
let at: Awaited<ReturnType<typeof listening>> | null = null;

async function serve(template: string) {
  model = await templatedModel(template);
  at = await listening(languageServer(model, { name: "tiny" }));
  return at.client;
}
afterEach(async () => {
  await at?.close();
  model?.dispose();
  [at, model] = [null, null];
});

const base = { model: "tiny", input: "a film", tools, max_output_tokens: 900, temperature: 1.2 };
const chat = {
  model: "tiny",
  messages: [{ role: "user" as const, content: "a film" }],
  tools: chatTools,
  max_tokens: 900,
  temperature: 1.2,
};
const callsOf = ({ output }: { output: OpenAI.Responses.ResponseOutputItem[] }) =>
  output.filter((item) => item.type === "function_call");

describe("function calls", () => {
  for (const [family, sign] of Object.entries(signs))
    it(`are those of chat completions, whole and streamed, in the format of ${family}`, async () => {
      const client = await serve(family === "none of tools" ? "{{ messages[-1].content[:9] }}" : templateOf(sign));
      for (const seed of [1, 2]) {
        const { choices } = await client.chat.completions.create({ ...chat, seed, tool_choice: "required" });
        const expected = choices[0]!.message.tool_calls as OpenAI.ChatCompletionMessageFunctionToolCall[];
        const asked = { ...base, seed, tool_choice: "required" as const };
        const whole = await client.responses.create(asked);
        const calls = expected.map(({ id, function: { name, arguments: given } }) => ({
          type: "function_call",
          status: "completed",
          call_id: id,
          name,
          arguments: given,
        }));
        expect(whole).toMatchObject({ status: "completed", output: calls, output_text: "", tools });
        const streamed = await client.responses.stream(asked).finalResponse();
        expect(streamed.output).toMatchObject(calls);
      }
      const choice = { type: "function" as const, name: "now" };
      const one = await client.responses.create({ ...base, tool_choice: choice, parallel_tool_calls: false });
      expect(one.output).toMatchObject([{ type: "function_call", name: "now", arguments: "{}" }]);
      expect(one).toMatchObject({ tool_choice: choice, parallel_tool_calls: false });
    });

  it("come as events of items of their own, arguments piece by piece", async () => {
    const client = await serve(templateOf("<tool_call>"));
    const asked = { ...base, seed: 1, tool_choice: "required" as const };
    const events = await all(await client.responses.create({ ...asked, stream: true }));
    const { response } = events.at(-1) as OpenAI.Responses.ResponseCompletedEvent;
    const calls = callsOf(response);
    expect(calls.length).toBeGreaterThan(0);
    for (const [place, call] of calls.entries()) {
      const own = events.filter((event) => "output_index" in event && event.output_index === place);
      expect(own[0]).toMatchObject({
        type: "response.output_item.added",
        item: { type: "function_call", status: "in_progress", call_id: call.call_id, name: call.name, arguments: "" },
      });
      const deltas = own.flatMap((one) => (one.type === "response.function_call_arguments.delta" ? [one.delta] : []));
      expect(deltas.join("")).toBe(call.arguments);
      expect(own.length).toBe(deltas.length + 3);
      expect(own.slice(-2)).toMatchObject([
        {
          type: "response.function_call_arguments.done",
          item_id: call.id,
          name: call.name,
          arguments: call.arguments,
        },
        { type: "response.output_item.done", item: call },
      ]);
    }
  });

  it("and their results go back as items: the client's loop reads as chat completions do", async () => {
    const client = await serve(templateOf("<tool_call>"));
    const input: OpenAI.Responses.ResponseInput = [{ role: "user", content: "a film" }];
    const request = { ...base, seed: 2, input, tool_choice: "required" as const };
    const first = await client.responses.create(request);
    const calls = callsOf(first);
    input.push(...(first.output as OpenAI.Responses.ResponseInputItem[]));
    for (const { call_id } of calls) input.push({ type: "function_call_output", call_id, output: "rain" });
    const second = await client.responses.create({ ...base, input, max_output_tokens: 9, temperature: 0 });
    const { choices, usage } = await client.chat.completions.create({
      ...chat,
      max_tokens: 9,
      temperature: 0,
      messages: [
        ...chat.messages,
        {
          role: "assistant",
          content: null,
          tool_calls: calls.map(({ call_id: id, name, arguments: given }) => ({
            id,
            type: "function" as const,
            function: { name, arguments: given },
          })),
        },
        ...calls.map(({ call_id }) => ({ role: "tool" as const, tool_call_id: call_id, content: "rain" })),
      ],
    });
    expect(second.output_text).toBe(choices[0]!.message.content);
    expect(second.usage!.input_tokens).toBe(usage!.prompt_tokens);
  });

  it("are of the message before or after them, also with parts as results", async () => {
    const client = await serve(templateOf("<tool_call>"));
    const call = (id: string): Call => ({
      type: "function_call",
      call_id: id,
      name: "weather",
      arguments: '{"city":"Rome"}',
    });
    const said = { role: "assistant" as const, content: "wait" };
    const tokens = async (...items: OpenAI.Responses.ResponseInputItem[]) => {
      const input = [{ role: "user" as const, content: "a film" }, ...items];
      return (await client.responses.create({ ...base, input, max_output_tokens: 1 })).usage!.input_tokens;
    };
    const result = { type: "function_call_output" as const, call_id: "a", output: "rain" };
    const parts = { ...result, output: [{ type: "input_text" as const, text: "rain" }] };
    const read = await tokens(said, call("a"), call("b"), result);
    expect(await tokens(call("a"), call("b"), said, result)).toBe(read);
    expect(await tokens(said, call("a"), call("b"), parts)).toBe(read);
    expect(await tokens(said, call("a"), result, call("b"))).not.toBe(read);
  });

  it("that an answer has no room for are cut, and say so", async () => {
    const client = await serve(templateOf("<tool_call>"));
    for (const most of [1, 20, 30, 40]) {
      const asked = { ...base, seed: 1, tool_choice: "required" as const, max_output_tokens: most };
      const whole = await client.responses.create(asked);
      expect(whole).toMatchObject({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } });
      const { choices } = await client.chat.completions.create({
        ...chat,
        seed: 1,
        tool_choice: "required",
        max_tokens: most,
      });
      const called = choices[0]!.message.tool_calls ?? [];
      const names = called.map((one) => one.type === "function" && one.function.arguments);
      expect(callsOf(whole).map((one) => one.arguments)).toEqual(names);
      for (const { status, arguments: given } of callsOf(whole)) expect(status === "completed").toBe(isJson(given));
    }
  });

  it("that are none are refused by name", async () => {
    const client = await serve(templateOf("<tool_call>"));
    const named = (name: unknown, parameters?: unknown) => ({ type: "function", name, parameters });
    const required = { tool_choice: "required" };
    const wrong: [object, string, string][] = [
      [{ tools: "weather" }, "tools", "invalid_value"],
      [{ tools: ["weather"] }, "tools[0]", "invalid_value"],
      [{ tools: [{ type: "web_search" }] }, "tools", "unsupported"],
      [{ tools: [{ type: "mcp", server_label: "a" }] }, "tools", "unsupported"],
      [{ tools: [{ type: "function", function: { name: "a" } }] }, "tools[0].function", "unsupported"],
      [{ tools: [{ ...named("a"), defer_loading: true }] }, "tools[0].defer_loading", "unsupported"],
      [{ tools: [named("a b")] }, "tools[0].name", "invalid_value"],
      [{ tools: [named("a"), named("a")] }, "tools", "invalid_value"],
      [{ tools: [named("a", { type: "string" })] }, "tools[0].parameters", "invalid_value"],
      [{ tools: Array.from({ length: 129 }, (_, i) => named(`f${i}`)) }, "tools", "invalid_value"],
      [{ ...required, tools: [named("a", { not: {} })] }, "tools[0].parameters", "unsupported"],
      [{ ...required, tools: [] }, "tool_choice", "invalid_value"],
      [{ tool_choice: { type: "function", name: "other" } }, "tool_choice", "invalid_value"],
      [{ tool_choice: { type: "function", function: { name: "now" } } }, "tool_choice", "invalid_value"],
      [{ tool_choice: { type: "allowed_tools", mode: "auto", tools: [] } }, "tool_choice", "invalid_value"],
      [{ parallel_tool_calls: "yes" }, "parallel_tool_calls", "invalid_value"],
    ];
    for (const [change, param, code] of wrong) {
      const asked = client.responses.create({ ...base, ...change } as never);
      const found: unknown = await asked.then(() => null).catch((one: unknown) => one);
      expect(found, JSON.stringify(change).slice(0, 80)).toMatchObject({ status: 400, code, param });
      expect((found as Error).message).not.toMatch(/tools\[\d+\]\.function\./);
    }
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
