import { isRecord } from "../../arguments/collections.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { ChatMessage } from "./chat-template.js";

/** What no template writes by itself. */
const MARK = "\u2063a part\u2063";

/**
 * Whether a template goes over the parts of a message's content: one that does not writes their list as data, for a model to learn.
 * @param render the template
 */
export function takesParts(render: (messages: readonly ChatMessage[]) => string): boolean {
  try {
    const text = render([{ role: "user", content: [{ type: "text", text: MARK }] }]);
    return text.includes(MARK) && !/["']type["']/.test(text);
  } catch {
    // Such as one that adds text to the list.
    return false;
  }
}

/** Messages whose parts are one text, a line each. Throws `ConfigError` for a part that is no text. */
export function joinParts(what: string, messages: readonly ChatMessage[]): ChatMessage[] {
  return messages.map((message, place) => {
    const { content } = message;
    if (!Array.isArray(content)) return message;
    const texts = content.map((part: unknown) => {
      if (isRecord(part) && part["type"] === "text" && typeof part["text"] === "string") return part["text"];
      throw new ConfigError(
        `${what}: content of message ${place} has ${excerpt(part)}, where this model's chat template takes text alone: ` +
          'parts are { type: "text", text }',
        { op: what, option: "messages", place, expected: '{ type: "text", text }', value: part },
      );
    });
    return { ...message, content: texts.join("\n") };
  });
}

/** Whether a message says what it says in parts. */
export const inParts = ({ content }: ChatMessage): boolean => Array.isArray(content);
