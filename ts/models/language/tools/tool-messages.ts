import { unexpected } from "../../../arguments/settings.js";
import type { ChatMessage } from "../chat-message.js";
import type { Tool } from "./tool-options.js";

/**
 * A conversation that goes on without functions: for a template that knows none, earlier calls and their results are texts, as they were
 * when there were functions.
 */
export function withoutFunctions(
  what: string,
  messages: readonly ChatMessage[],
  template: { readonly source: string; readonly writesTools: boolean },
): readonly ChatMessage[] {
  const hasCalls = messages.some(({ role, tool_calls: calls }) => role === "tool" || (calls ?? null) !== null);
  const isWritten = !hasCalls || template.writesTools || template.source.includes("tool_calls");
  return isWritten ? messages : plainMessages(what, messages);
}

/**
 * A conversation for a template that knows no functions: they are described in a message, and calls and results are texts. Throws
 * `ConfigError` for a part of these that is not text.
 * @param hasSystem whether the template takes a message of the system
 */
export function describedMessages(
  what: string,
  messages: readonly ChatMessage[],
  tools: readonly Tool[],
  hasSystem: boolean,
): ChatMessage[] {
  const plain = plainMessages(what, messages);
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

/**
 * Messages with calls and results as texts. Results that follow each other are one message, as Hermes has them: some templates demand that
 * user and assistant alternate.
 */
function plainMessages(what: string, messages: readonly ChatMessage[]): ChatMessage[] {
  const plain: ChatMessage[] = [];
  for (const [place, message] of messages.entries()) {
    const written = plainMessage(what, message, place);
    const isFurther = message.role === "tool" && messages[place - 1]?.role === "tool";
    plain.push(isFurther ? together(plain.pop()!, written) : written);
  }
  return plain;
}

/** Two messages with texts as one. */
const together = ({ role, content }: ChatMessage, further: ChatMessage): ChatMessage => ({
  role,
  content: `${content as string}\n${further.content as string}`,
});

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
    const { text } = Object(part) as { readonly text?: unknown };
    if (typeof text === "string") return text;
    throw unexpected(what, "messages", 'a list whose parts are { type: "text", text }', part, undefined, { place });
  });
  return texts.join("\n");
}
