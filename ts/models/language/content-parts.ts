import { isRecord } from "../../arguments/collections.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { ChatMessage } from "./chat-message.js";

/** A text that no template prints by itself. */
const MARK = "\u2063a part\u2063";

/**
 * Whether a template handles a list of parts as content; one that does not would print the list as data.
 * @param render the template
 */
export function takesParts(render: (messages: readonly ChatMessage[]) => string): boolean {
  try {
    const text = render([{ role: "user", content: [{ type: "text", text: MARK }] }]);
    return text.includes(MARK) && !/["']type["']/.test(text);
  } catch {
    // For example one that concatenates text and list.
    return false;
  }
}

/** Messages with parts joined by line breaks. Throws `ConfigError` for a part that is not text. */
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

/** Whether a message's content is a list of parts. */
export const inParts = ({ content }: ChatMessage): boolean => Array.isArray(content);
