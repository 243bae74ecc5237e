import { describe, expect, it } from "vitest";
import { CausalLanguageModel, type ChatMessage, ConfigError, type FileMap, ModelError } from "../../../ts/index.js";
import { goldenJson } from "../../golden.js";
import { all, changedJson, decoderFiles } from "./golden-decoder.js";

interface Case {
  readonly template: string;
  readonly messages: readonly ChatMessage[];
  readonly options: { add_generation_prompt?: boolean; tools?: object[]; enable_thinking?: boolean };
  readonly text: string;
}
const golden = () => goldenJson<{ marks: Record<string, string>; chat: readonly Case[] }>("language.json");
const bytes = (text: string) => new TextEncoder().encode(text);

/** A model whose tokenizer_config.json is this. */
const withSettings = async (settings: object, more: FileMap = {}) =>
  CausalLanguageModel.load({
    ...(await decoderFiles("qwen2")),
    "tokenizer_config.json": bytes(JSON.stringify(settings)),
    ...more,
  });

const said = [{ role: "user", content: "a film" }];

describe("applyChatTemplate", () => {
  it("writes what transformers writes", async () => {
    const { marks, chat } = await golden();
    expect(chat.length).toBeGreaterThan(5);
    for (const { template, messages, options, text } of chat) {
      using model = await withSettings({ ...marks, chat_template: template });
      const { add_generation_prompt, tools, ...variables } = options;
      const given = {
        ...(add_generation_prompt === undefined ? {} : { addGenerationPrompt: add_generation_prompt }),
        ...(tools === undefined ? {} : { tools }),
        variables,
      };
      expect(model.applyChatTemplate(messages, given)).toBe(text);
    }
  });

  it("joins parts of text where the template does not go over them, and lets one that does have them", async () => {
    const parts = [
      { type: "text", text: "one" },
      { type: "text", text: "two" },
    ];
    const messages = [{ role: "user", content: parts }, ...said];
    const image = [{ role: "user", content: [...parts, { type: "image" }] }];
    const line = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}";
    const added = "{% for m in messages %}{{ '<' + m.role + '>' + m.content }}{% endfor %}";
    for (const chat_template of [line, added]) {
      using plain = await withSettings({ chat_template });
      expect(plain.applyChatTemplate(messages)).toBe("<user>one\ntwo<user>a film");
      expect(() => plain.applyChatTemplate(image)).toThrow(/content of message 0 has .*image.* takes text alone/);
      expect(() => plain.applyChatTemplate(image)).toThrow(ConfigError);
    }
    const over =
      "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}[{{ p.type }}:{{ p.text }}]{% endfor %}{% endif %}{% endfor %}";
    using going = await withSettings({ chat_template: over });
    expect(going.applyChatTemplate(messages)).toBe("[text:one][text:two]a film");
    expect(going.applyChatTemplate(image)).toContain("[image:");
  });

  it("finds the template where files have it", async () => {
    const named = [
      { name: "tool_use", template: "no" },
      { name: "default", template: "{{ eos_token }}yes" },
    ];
    const special = { eos_token: { content: "</s>", special: true } };
    using listed = await withSettings({ ...special, chat_template: named });
    expect(listed.applyChatTemplate(said)).toBe("</s>yes");
    using apart = await withSettings({ chat_template: named }, { "chat_template.jinja": bytes("apart") });
    expect(apart.applyChatTemplate(said)).toBe("apart");
  });

  it("is what a generation from messages begins with, special tokens as its text has them alone", async () => {
    const files = changedJson(await decoderFiles("llama_yarn"), "generation_config.json", { eos_token_id: [] });
    const template = "{{ bos_token }}{{ messages[0].content }}{% if add_generation_prompt %} is{% endif %}";
    const settings = { bos_token: "<s>", chat_template: template };
    using model = await CausalLanguageModel.load({
      ...files,
      "tokenizer_config.json": bytes(JSON.stringify(settings)),
    });
    const ids = model.tokenizer!.encodeBare("<s>a film is");
    expect(ids[0]).toBe(1);
    const options = { maxTokens: 8 };
    const from = async (prompt: Parameters<typeof model.generateTokens>[0]) =>
      (await all(model.generateTokens(prompt, options))).map(({ id }) => id);
    expect(await from(said)).toEqual(await from(ids));
  });

  it("names what is missing, and what makes no sense", async () => {
    using bare = await CausalLanguageModel.load(await decoderFiles("qwen2"));
    expect(() => bare.applyChatTemplate(said)).toThrow(ModelError);
    expect(() => bare.generate(said)).toThrow(/generate: model model has no chat template/);
    using model = await withSettings({ chat_template: "{{ messages[0].content }}" });
    const wrong: [unknown, RegExp][] = [
      [[], /there is no message/],
      ["text", /messages are a list of/],
      [[{ content: "a" }], /role of message 0 is a text, got undefined/],
      [[...said, { role: "user", content: 3 }], /content of message 1 is a text or a list of parts, got 3/],
      [[null], /message 0 is/],
    ];
    for (const [messages, message] of wrong) {
      expect(() => model.applyChatTemplate(messages as never)).toThrow(ConfigError);
      expect(() => model.applyChatTemplate(messages as never)).toThrow(message);
    }
    expect(() => model.applyChatTemplate(said, { addGenerationPrompt: 1 as never })).toThrow(/addGenerationPrompt/);
    expect(() => model.applyChatTemplate(said, { tools: [3] as never })).toThrow(/tools/);
  });

  it("refuses tools that its template would not write", async () => {
    const tools = [{ type: "function", function: { name: "weather" } }];
    using deaf = await withSettings({ chat_template: "you may call tools: {{ messages[0].content }}" });
    const refused = /chat template of model model writes no tools, so the model would not hear of these/;
    expect(() => deaf.applyChatTemplate(said, { tools })).toThrow(refused);
    expect(() => deaf.applyChatTemplate(said, { tools })).toThrow(ConfigError);
    expect(deaf.applyChatTemplate(said, { tools: [] })).toBe("you may call tools: a film");
    using able = await withSettings({
      chat_template: "{% for t in tools %}{{ t.function.name }}: {% endfor %}{{ messages[0].content }}",
    });
    expect(able.applyChatTemplate(said, { tools })).toBe("weather: a film");
  });

  it("says what a template that fails says, and bounds one that does not end", async () => {
    const nested = "{% for a in range(1000) %}".repeat(9) + "{% endfor %}".repeat(9);
    const hostile: [string, RegExp][] = [
      ["{{ raise_exception('no tools, please') }}", /does not work for these messages: no tools, please/],
      ["{% for", /chat template/],
      [nested, /too many steps/],
      ["{% macro m(f) %}{{ f(f) }}{% endmacro %}{{ m(m) }}", /calls itself without end|too many steps/],
      ["{% for a in range(1000000000) %}{% endfor %}", /range\(0, 1000000000, 1\) is too long/],
      ["{% set ns = namespace(s='ab') %}{% for a in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", /16000000/],
      [
        "{% set ns = namespace(l=[1]) %}{% for a in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l|tojson }}",
        /16000000/,
      ],
      [`{% for a in range(200000) %}${"long text ".repeat(20)}{% endfor %}`, /16000000|too many steps/],
      [" ".repeat(300_000), /300000 characters/],
    ];
    for (const [template, message] of hostile) {
      using model = await withSettings({ chat_template: template });
      const thrown = await (async () => model.applyChatTemplate(said))().catch((error: unknown) => error);
      expect(thrown, template.slice(0, 80)).toBeInstanceOf(ModelError);
      expect((thrown as Error).message).toMatch(message);
    }
  });
});
