import { optional, or } from "../../../arguments/options.js";
import { flag, isRecord, listFrom, plainCopy, unexpected } from "../../../arguments/settings.js";
import { ConfigError, UnsupportedError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";

/** A call of a function that a model asks for. */
export interface ToolCall {
  /** Names the call in the conversation: nine letters and digits, the same for the same prompt and seed. */
  readonly id: string;
  /** The function's name, one of the given tools. */
  readonly name: string;
  /** The arguments as JSON, an object; without its end if the generation ended before. */
  readonly arguments: string;
}

/** A part of a call, as it is generated. The first of each call has its id and its name. */
export interface ToolCallPiece {
  /** Number of the call in its answer. */
  readonly index: number;
  /** The call's id, of its first part. */
  readonly id?: string;
  /** The function's name, of the call's first part. */
  readonly name?: string;
  /** Further characters of the arguments. */
  readonly arguments: string;
}

/** The calls whose parts came with tokens. */
export function toolCallsOf(tokens: Iterable<{ readonly toolCalls?: readonly ToolCallPiece[] }>): ToolCall[] {
  const calls: { id: string; name: string; arguments: string }[] = [];
  for (const { toolCalls = [] } of tokens)
    for (const { index, id = "", name = "", arguments: given } of toolCalls) {
      const call = (calls[index] ??= { id, name, arguments: "" });
      call.arguments += given;
    }
  return calls;
}

/** A function that a model may call, as OpenAI's API and chat templates describe it. */
export interface Tool {
  /** The only kind there is. */
  readonly type: "function";
  /** The function. */
  readonly function: {
    /** Up to 64 letters, digits, "_" and "-". */
    readonly name: string;
    readonly description?: string | undefined;
    /** JSON Schema of the arguments, an object; default: no arguments. */
    readonly parameters?: Readonly<Record<string, unknown>> | undefined;
    readonly strict?: boolean | null | undefined;
  };
}

/** Whether a model must call functions: if it wants to, never, at least once, or this function. */
export type ToolChoice =
  "auto" | "none" | "required" | { readonly type: "function"; readonly function: { readonly name: string } };

/** Options of conversations with functions. */
export interface ToolOptions {
  /** Functions that the model may call; default: none. The prompt is then a conversation. */
  readonly tools?: readonly Tool[] | undefined;
  /** Default "auto". With "required" or a function, the answer is valid calls alone, unless `maxTokens` cuts it. */
  readonly toolChoice?: ToolChoice | undefined;
  /** Whether an answer that must call may have several calls; default true, except for models that know one a message. */
  readonly parallelToolCalls?: boolean | undefined;
}

/** Most functions of a request. */
const MOST_TOOLS = 128;

function toolFrom(what: string, at: string, item: unknown): Tool {
  const { type, function: described } = Object(item) as { readonly type?: unknown; readonly function?: unknown };
  if (type !== "function" && type !== undefined)
    throw new UnsupportedError(`${what}: ${at}.type ${excerpt(type)} is not supported: tools are functions`, {
      op: what,
      option: "tools",
      value: type,
    });
  if (!isRecord(described)) throw unexpected(what, `${at}.function`, "an object { name, parameters }", described);
  const { name, description, parameters } = described;
  if (typeof name !== "string" || !/^[\w-]{1,64}$/.test(name))
    throw unexpected(what, `${at}.function.name`, 'up to 64 letters, digits, "_" and "-"', name);
  if (description !== undefined && typeof description !== "string")
    throw unexpected(what, `${at}.function.description`, "a text", description);
  const isObject = isRecord(parameters) && (parameters["type"] === undefined || parameters["type"] === "object");
  if (parameters !== undefined && !isObject)
    throw unexpected(what, `${at}.function.parameters`, 'a JSON Schema of type "object"', parameters);
  return plainCopy(what, at, item) as Tool;
}

const tools = (what: string, name: string, value: unknown): readonly Tool[] => {
  const names = new Set<string>();
  if (!Array.isArray(value)) throw unexpected(what, name, 'a list of { type: "function", function }', value);
  return listFrom(`${what}: tools`, value, (item, place) => {
    if (place === MOST_TOOLS) throw unexpected(what, name, `a list of at most ${MOST_TOOLS}`, "more");
    const tool = toolFrom(what, `tools[${place}]`, item);
    if (names.has(tool.function.name))
      throw new ConfigError(`${what}: tools: two functions are named ${excerpt(tool.function.name)}`, {
        op: what,
        option: name,
        value: tool.function.name,
      });
    names.add(tool.function.name);
    return tool;
  });
};

const choice = (what: string, name: string, value: unknown): ToolChoice => {
  if (value === "auto" || value === "none" || value === "required") return value;
  const { type, function: named } = Object(value) as { readonly type?: unknown; readonly function?: unknown };
  const { name: chosen } = Object(named) as { readonly name?: unknown };
  if (type === "function" && typeof chosen === "string") return { type, function: { name: chosen } };
  throw unexpected(what, name, '"auto", "none", "required" or { type: "function", function: { name } }', value);
};

/** Readers of the options. */
export const toolReaders = {
  tools: or([], tools),
  toolChoice: optional(choice),
  parallelToolCalls: or(true, flag),
};

/**
 * A turn of a conversation. Other fields that the model's template reads (`tool_calls`, `name`) are passed to it unchanged; but for
 * arguments of `tool_calls`, which may be JSON in a text and which templates get as an object.
 */
export interface ChatMessage {
  /** The role: "system", "user", "assistant", "tool", or another one that the template knows. */
  readonly role: string;
  /**
   * The content: a text, or a list of parts `{ type: "text", text }`. If the template does not handle lists, the parts are joined by line
   * breaks; parts of other types then throw.
   */
  readonly content?: string | readonly object[] | null;
  readonly [field: string]: unknown;
}
