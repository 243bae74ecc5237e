import { isRecord } from "../../arguments/collections.js";
import type { ChatMessage } from "./chat-message.js";

/** A message as chat templates read it: arguments of calls are objects, where OpenAI's API has them as text. */
export function templateMessage(message: ChatMessage): ChatMessage {
  const calls = message["tool_calls"];
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
