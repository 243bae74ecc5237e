import { isRecord, list, oneOf, text, unexpected } from "../../../arguments/settings.js";
import { UnsupportedError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import type { ChatMessage } from "../../../models/language/tools/tool-options.js";

type Content = NonNullable<ChatMessage["content"]>;
type Item = Readonly<Record<string, unknown>>;

/** A message of the conversation; calls are added to it as their items follow. */
interface Turn {
  readonly role: string;
  content: Content | null;
  readonly tool_calls?: object[];
  readonly [field: string]: unknown;
}

const ROLES = ["user", "assistant", "system", "developer"];
const PARTS = ["input_text", "output_text", "refusal"];
const INPUT = 'a text, or a list of at least one item such as { role: "user", content: "Hello!" }';

/**
 * The messages that a request's instructions and input stand for. A function call belongs to the assistant's message before it, as in chat
 * completions; reasoning is left out, since templates have no place for another model's. Throws `ConfigError` for invalid items,
 * `UnsupportedError` for others than messages, function calls and their results.
 */
export function inputMessages(what: string, input: unknown, instructions: string | undefined): readonly ChatMessage[] {
  const turns: Turn[] = instructions === undefined ? [] : [{ role: "system", content: instructions }];
  if (typeof input === "string") return [...turns, { role: "user", content: input }];
  if (!Array.isArray(input) || input.length === 0) throw unexpected(what, "input", INPUT, input);
  const calls = new Set<string>();
  for (const [place, item] of (input as readonly unknown[]).entries()) {
    const at = `input[${place}]`;
    if (!isRecord(item)) throw unexpected(what, at, "an item, such as { role, content }", item);
    const { type = "message" } = item;
    if (type === "message") addMessage(turns, what, at, item);
    else if (type === "function_call") calls.add(addCall(turns, what, at, item));
    else if (type === "function_call_output") turns.push(resultOf(what, at, item, calls));
    else if (type !== "reasoning")
      throw new UnsupportedError(
        `${what}: ${at}.type ${excerpt(type)} is not supported: items are messages, function_call and function_call_output`,
        { option: `${at}.type`, value: type },
      );
  }
  if (turns.length > 0) return turns;
  throw unexpected(what, "input", INPUT, input);
}

function addMessage(turns: Turn[], what: string, at: string, item: Item): void {
  const role = oneOf(what, `${at}.role`, item["role"], ROLES);
  const content = contentOf(what, `${at}.content`, item["content"]);
  const last = turns.at(-1);
  // A text after its calls is of the same message.
  if (role === "assistant" && last?.role === role && last.content === null) last.content = content;
  else turns.push({ role, content });
}

/** Adds a call to the assistant's message, and returns its id. */
function addCall(turns: Turn[], what: string, at: string, item: Item): string {
  const id = text(what, `${at}.call_id`, item["call_id"]);
  const name = text(what, `${at}.name`, item["name"]);
  const call = {
    id,
    type: "function",
    function: { name, arguments: text(what, `${at}.arguments`, item["arguments"]) },
  };
  const last = turns.at(-1);
  if (last?.role !== "assistant") turns.push({ role: "assistant", content: null, tool_calls: [call] });
  else if (last.tool_calls === undefined) turns.splice(-1, 1, { ...last, tool_calls: [call] });
  else last.tool_calls.push(call);
  return id;
}

function resultOf(what: string, at: string, item: Item, calls: ReadonlySet<string>): Turn {
  const id = text(what, `${at}.call_id`, item["call_id"]);
  if (!calls.has(id)) throw unexpected(what, `${at}.call_id`, "the call_id of a function_call before it", id);
  return { role: "tool", tool_call_id: id, content: contentOf(what, `${at}.output`, item["output"]) };
}

/** A text, or parts that are texts in the form of chat completions. */
function contentOf(what: string, at: string, given: unknown): Content {
  if (typeof given === "string") return given;
  const texts = list(what, at, given, 'parts { type: "input_text", text }, or a text').map((part, place) => {
    const { type, text: written, refusal } = Object(part) as Record<string, unknown>;
    if (typeof type === "string" && !PARTS.includes(type))
      throw new UnsupportedError(`${what}: ${at}[${place}].type ${excerpt(type)} is not supported: parts are texts`, {
        option: `${at}[${place}].type`,
        value: type,
      });
    const said = type === "refusal" ? refusal : written;
    if (typeof type === "string" && typeof said === "string") return said;
    throw unexpected(what, `${at}[${place}]`, 'a part { type: "input_text", text }', part);
  });
  return texts.length === 1 ? texts[0]! : texts.map((part) => ({ type: "text", text: part }));
}
