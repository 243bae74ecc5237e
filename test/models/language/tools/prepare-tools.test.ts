import { describe, expect, it } from "vitest";
import { modelSource } from "../../../../ts/io/model-locator.js";
import type { ChatMessage } from "../../../../ts/index.js";
import { ChatTemplate } from "../../../../ts/models/language/chat-template.js";

const template = async (source: string) =>
  (await ChatTemplate.read(await modelSource({ "config.json": new Uint8Array() }), { chat_template: source }))!;

/** Phi-3's: a message of the system is left out. */
const phi = `{% for message in messages %}{% if message.role == 'user' %}<|user|>
{{ message.content }}<|end|>
{% elif message.role == 'assistant' %}<|assistant|>
{{ message.content }}<|end|>
{% endif %}{% endfor %}{% if add_generation_prompt %}<|assistant|>
{% endif %}`;

/** Gemma 2's: there is no system, and user and assistant alternate. */
const gemma = `{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}
{%- for message in messages %}
{%- if (message.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate') }}{% endif %}
{{- '<start_of_turn>' + ('model' if message.role == 'assistant' else message.role) + '\\n' + message.content + '<end_of_turn>\\n' }}
{%- endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}`;

const chatml = `{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{% endfor %}`;

const tool = { type: "function" as const, function: { name: "now", parameters: { type: "object", properties: {} } } };
const call = (id: string) => ({ id, type: "function", function: { name: "now", arguments: "{}" } });
const said: ChatMessage = { role: "user", content: "When?" };
const conversation: readonly ChatMessage[] = [
  said,
  { role: "assistant", content: null, tool_calls: [call("a"), call("b")] },
  { role: "tool", tool_call_id: "a", content: "noon" },
  { role: "tool", tool_call_id: "b", content: [{ type: "text", text: "midnight" }] },
];
const written = '<tool_call>\n{"name":"now","arguments":{}}\n</tool_call>';
const results = "<tool_response>\nnoon\n</tool_response>\n<tool_response>\nmidnight\n</tool_response>";

describe("a conversation for a template that writes no functions", () => {
  it("describes them in a message that the template writes", async () => {
    for (const source of [phi, gemma, chatml]) {
      const text = (await template(source)).prepareTools("test", [said], { tools: [tool] })!.text;
      expect(text.split(JSON.stringify(tool))).toHaveLength(2);
      expect(text).toContain("When?");
    }
    const system = { role: "system", content: "Be brief." };
    const { text } = (await template(chatml)).prepareTools("test", [system, said], { tools: [tool] })!;
    expect(text).toMatch(/^<\|im_start\|>system\nBe brief\.\n\n# Tools\n/);
  });

  it("has the results of several calls in one turn", async () => {
    for (const source of [phi, gemma, chatml]) {
      const { text } = (await template(source)).prepareTools("test", conversation, { tools: [tool] })!;
      expect(text).toContain(`${written}\n${written}`);
      expect(text).toContain(results);
    }
  });

  it("keeps earlier calls where it goes on without functions", async () => {
    const text = (await template(gemma)).textWithoutTools("test", conversation, { addGenerationPrompt: true });
    expect(text).toBe(
      `<start_of_turn>user\nWhen?<end_of_turn>\n<start_of_turn>model\n${written}\n${written}<end_of_turn>\n` +
        `<start_of_turn>user\n${results}<end_of_turn>\n<start_of_turn>model\n`,
    );
    const own = await template(
      "{% for m in messages %}{{ m.role }}{{ m.tool_calls | length if m.tool_calls }}; {% endfor %}",
    );
    expect(own.textWithoutTools("test", conversation, { addGenerationPrompt: true })).toBe(
      "user; assistant2; tool; tool; ",
    );
  });
});
