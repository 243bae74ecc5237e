import { describe, expect, it } from "vitest";
import { CausalLanguageModel, type ChatMessage, type FileMap, type Tool } from "../../../../ts/index.js";
import { CallReader } from "../../../../ts/models/language/tools/call-reader.js";
import { familyOf } from "../../../../ts/models/language/tools/families.js";
import { toolCallsOf } from "../../../../ts/models/language/tools/tool-options.js";
import { goldenJson } from "../../../golden.js";
import { all, changedJson, decoderFiles } from "../golden-decoder.js";

/** A conversation with functions, as transformers writes it. */
interface Case {
  readonly family: string;
  readonly template: string;
  readonly tools: readonly Tool[];
  readonly messages: readonly (ChatMessage & { tool_calls?: readonly Call[] })[];
  /** The text of the first message, and of all. */
  readonly begin: string;
  readonly text: string;
  /** The turn that calls. */
  readonly answer: string;
  readonly calls: readonly Call["function"][];
}
interface Call {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: unknown };
}

const cases = () => goldenJson<readonly Case[]>("tool-calls.json");

async function withTemplate(template: string): Promise<CausalLanguageModel> {
  const files: FileMap = {
    ...changedJson(await decoderFiles("qwen2"), "config.json", { max_position_embeddings: 4096 }),
    "tokenizer_config.json": new TextEncoder().encode(
      JSON.stringify({ bos_token: "<s>", eos_token: "</s>", chat_template: template }),
    ),
  };
  return CausalLanguageModel.load(files);
}

/** As OpenAI's clients have them: arguments are JSON in a text. */
const asText = (messages: Case["messages"]) =>
  messages.map(({ tool_calls: calls, ...message }) => {
    if (calls === undefined) return message;
    const written = calls.map((call) => ({
      ...call,
      function: { ...call.function, arguments: JSON.stringify(call.function.arguments) },
    }));
    return { ...message, content: null, tool_calls: written };
  });

describe("a conversation with functions", () => {
  it("is written as transformers writes it", async () => {
    for (const { template, tools, messages, begin, text } of await cases()) {
      using model = await withTemplate(template);
      const options = { addGenerationPrompt: true, tools };
      expect(model.applyChatTemplate(messages.slice(0, 1), options)).toBe(begin);
      expect(model.applyChatTemplate(messages, options)).toBe(text);
      expect(model.applyChatTemplate(asText(messages), options)).toBe(text);
    }
  });

  it("is what a generation with functions begins with", async () => {
    for (const { template, tools, messages, text } of await cases()) {
      using model = await withTemplate(template);
      const ids = async (prompt: Parameters<typeof model.generateTokens>[0], more: object) =>
        (await all(model.generateTokens(prompt, { maxTokens: 5, ...more }))).map(({ id }) => id);
      const expected = await ids(model.tokenizer!.encodeBare(text), {});
      expect(await ids(asText(messages), { tools })).toEqual(expected);
    }
  });

  it("has calls that are read from the answer as they were written into it", async () => {
    for (const { family, template, tools, answer, calls } of await cases()) {
      const found = familyOf(template);
      expect(found.name).toBe(family);
      const functions = new Map(tools.map((tool) => [tool.function.name, tool.function.parameters!] as const));
      const reader = new CallReader(found, functions, String);
      const { text, calls: pieces } = reader.push(answer, true);
      const read = toolCallsOf([{ toolCalls: pieces }]);
      expect([text, read.map((call) => [call.name, JSON.parse(call.arguments)])]).toEqual([
        "",
        calls.map((call) => [call.name, call.arguments]),
      ]);
    }
  });

  it("goes on with the message that `chat` returns", async () => {
    for (const { template, tools, messages } of await cases()) {
      using model = await withTemplate(template);
      const options = { tools, maxTokens: 500, temperature: 1, seed: 3 };
      const one = { ...options, toolChoice: { type: "function", function: { name: "time" } } } as const;
      const { content, toolCalls, end } = await model.chat(messages, { ...one, parallelToolCalls: false });
      expect([content, end]).toEqual(["", "end-of-text"]);
      expect(toolCalls).toMatchObject([{ name: "time" }]);
      const { id, ...called } = toolCalls[0]!;
      const next = { role: "assistant", content, tool_calls: [{ id, type: "function", function: called }] };
      const result = { role: "tool", tool_call_id: id, content: "noon" };
      const { toolCalls: none } = await model.chat([...messages, next, result], {
        ...options,
        maxTokens: 3,
        toolChoice: "none",
      });
      expect(none).toEqual([]);
      await expect(model.chat([5] as never)).rejects.toThrow(/messages are|messages is/);
    }
  });

  it("is written without functions as it was with them, where the template knows none", async () => {
    const { tools, messages } = (await cases())[0]!;
    using model = await withTemplate("{% for m in messages %}{{ m.role + ': ' + m.content + ';' }}{% endfor %}");
    const ids = async (prompt: Parameters<typeof model.generateTokens>[0], more: object) =>
      (await all(model.generateTokens(prompt, { maxTokens: 5, ...more }))).map(({ id }) => id);
    const plain = messages
      .filter(({ role }) => role !== "tool")
      .map(({ tool_calls: calls, ...message }) => {
        const texts = calls?.map(({ function: { name, arguments: given } }) => {
          return `<tool_call>\n${JSON.stringify({ name, arguments: given })}\n</tool_call>`;
        });
        return { ...message, content: texts?.join("\n") ?? message.content };
      });
    expect(plain.length).toBeGreaterThan(0);
    const called = asText(messages.filter(({ role }) => role !== "tool"));
    expect(await ids(called, { tools, toolChoice: "none" })).toEqual(await ids(plain, {}));
    expect(await ids(called, {})).toEqual(await ids(plain, {}));
  });

  it("takes functions beside messages alone", async () => {
    using model = await withTemplate((await cases())[0]!.template);
    const { tools } = (await cases())[0]!;
    const said = [{ role: "user", content: "hm" }];
    expect(() => model.generateTokens("text", { tools })).toThrow(/tools are for conversations/);
    expect(() => model.generateTokens(said, { toolChoice: "required" })).toThrow(/toolChoice demands a call/);
    expect(() => model.generateTokens(said, { tools, regex: "a*" })).toThrow(/regex and tools each bind the text/);
    const bound = { tools, toolChoice: "required", ignoreEnd: true } as const;
    expect(() => model.generateTokens(said, bound)).toThrow(/leave out ignoreEnd/);
    expect(() => model.generateTokens(said, { tools, parallelToolCalls: 1 as never })).toThrow(/parallelToolCalls/);
  });
});
