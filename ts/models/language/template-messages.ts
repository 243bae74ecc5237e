import { isRecord } from "../../arguments/collections.js";
import type { ChatMessage } from "./chat-message.js";

/** Messages as chat templates read them: arguments of calls are objects, where OpenAI's API has them as text. */
export const templateMessages = (messages: readonly ChatMessage[]): ChatMessage[] => messages.map(templateMessage);

function templateMessage(message: ChatMessage): ChatMessage {
  const calls = Object(message)["tool_calls"] as unknown;
  if (!Array.isArray(calls) || calls.length === 0) return message;
  // Templates fail on a content that is null.
  return { ...message, content: message.content ?? "", tool_calls: calls.map(templateCall) };
}

function templateCall(call: unknown): unknown {
  const own = isRecord(call) ? call["function"] : undefined;
  if (!isRecord(call) || !isRecord(own) || typeof own["arguments"] !== "string") return call;
  const parsed = own["arguments"].trim() === "" ? {} : jsonObject(own["arguments"]);
  return parsed === null ? call : { ...call, function: { ...own, arguments: parsed } };
}

function jsonObject(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    // For example one that was cut.
    return null;
  }
}
