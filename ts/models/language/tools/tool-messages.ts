import { isRecord } from "../../../arguments/collections.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import type { ChatMessage } from "../chat-message.js";
import type { Tool } from "./tool-options.js";

/**
 * The same conversation for a template that knows no functions: they are described in a message, and calls and results are texts. Throws
 * `ConfigError` for a part of these that is not text.
 * @param hasSystem whether the template takes a message of the system
 */
export function describedMessages(
  what: string,
  messages: readonly ChatMessage[],
  tools: readonly Tool[],
  hasSystem: boolean,
): ChatMessage[] {
  const plain = messages.map((message, i) => plainMessage(what, message, i));
  const place = hasSystem ? 0 : plain.findIndex(({ role }) => role === "user");
  const first = plain[place];
  const description = descriptionOf(tools);
  if (first === undefined || (hasSystem && first.role !== "system"))
    return [{ role: hasSystem ? "system" : "user", content: description }, ...plain];
  const written = `${textOf(what, first, place)}\n\n${description}`;
  return plain.map((message, i) => (i === place ? { ...message, content: written } : message));
}

const descriptionOf = (tools: readonly Tool[]) =>
  `# Tools

You may call functions to answer the user. They are described here, each by a line of JSON:
<tools>
${tools.map((tool) => JSON.stringify(tool)).join("\n")}
</tools>

To call a function, answer with its name and its arguments as JSON between tags:
<tool_call>
{"name": "the function's name", "arguments": {"an argument": "its value"}}
</tool_call>`;

function plainMessage(what: string, message: ChatMessage, place: number): ChatMessage {
  const { role, content: _, tool_calls: calls, tool_call_id: __, ...rest } = message;
  const text = () => textOf(what, message, place);
  if (role === "tool") return { role: "user", content: `<tool_response>\n${text()}\n</tool_response>` };
  if (!Array.isArray(calls) || calls.length === 0) return message;
  const written = calls.map((call: unknown) => {
    const { name, arguments: given } = Object(Object(call)["function"] ?? call) as Record<string, unknown>;
    return `<tool_call>\n${JSON.stringify({ name, arguments: given })}\n</tool_call>`;
  });
  return { ...rest, role, content: [text(), ...written].filter((line) => line !== "").join("\n") };
}

/** A message's content as a text; parts are joined as for templates that take texts. */
function textOf(what: string, { content }: ChatMessage, place: number): string {
  if (typeof content === "string") return content;
  const parts: readonly unknown[] = content ?? [];
  const texts = parts.map((part) => {
    if (isRecord(part) && part["type"] === "text" && typeof part["text"] === "string") return part["text"];
    throw new ConfigError(
      `${what}: content of message ${place} has ${excerpt(part)}: beside tools, parts of such a message are { type: "text", text }`,
      { op: what, option: "messages", place, expected: '{ type: "text", text }', value: part },
    );
  });
  return texts.join("\n");
}
