import { checkRecord, isRecord, text as isText } from "../../../arguments/settings.js";
import { checkOptions } from "../../../arguments/options.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { parseJson } from "../../../io/json.js";
import type { Tool } from "../tools/tool-options.js";

/** Token ids and a mask: 1 for each target, which is predicted from the tokens before it. */
export interface MaskedTokens {
  /** Ids of all tokens, `[tokens]`. */
  readonly ids: ArrayLike<number>;
  /** 1 or true for each target, `[tokens]`. */
  readonly mask: ArrayLike<number | boolean>;
}

/** Two texts, joined without a separator, with the end-of-text token appended. The completion is the target. */
export interface Completion {
  /** The context. */
  readonly prompt: string;
  /** The target. */
  readonly completion: string;
}

/** A text with the end-of-text token appended. All of it is the target. */
export interface PlainText {
  /** The text. */
  readonly text: string;
}

/**
 * A task and its answer, the target. With a chat template they become a user's turn (`input` below `instruction`) and the assistant's;
 * without one the Alpaca format, with headings such as "### Instruction:".
 */
export interface Instruction {
  /** The task. */
  readonly instruction: string;
  /** Input for the task; default: none. */
  readonly input?: string;
  /** The answer. */
  readonly output: string;
}

/** A conversation in the model's chat template. The assistant's turns are the target. */
export interface Conversation {
  /** The turns. */
  readonly messages: readonly {
    readonly role: string;
    readonly content?: unknown;
    readonly [field: string]: unknown;
  }[];
  /** Functions that the model may call, as `chat` takes them, or JSON of them as a text; the template writes them. Default: none. */
  readonly tools?: readonly Tool[] | string | null;
}

/** A conversation in ShareGPT's format: `from` is "system", "human" or "gpt". */
export interface SharedConversation extends Pick<Conversation, "tools"> {
  /** The turns. */
  readonly conversations: readonly { readonly from: string; readonly value: string }[];
}

/** Training examples of a language model. Other fields are ignored. */
export type LanguageExample = MaskedTokens | Completion | PlainText | Instruction | Conversation | SharedConversation;

/** Formats by the fields that identify them; if a table has fields of several, the first format counts. */
const formats = {
  masked: ["ids", "mask"],
  conversation: ["messages"],
  shared: ["conversations"],
  completion: ["prompt", "completion"],
  instruction: ["instruction", "output"],
  text: ["text"],
} as const;

type Format = keyof typeof formats;

/** Names of the fields in the examples, by their names here: `{ prompt: "question", completion: "answer" }`. */
export type ExampleFields = Readonly<Partial<Record<FieldName, string>>>;

type FieldName = (typeof formats)[Format][number] | "input" | "tools" | "role" | "content" | "from" | "value";

const FIELDS: readonly FieldName[] = [
  "ids",
  "mask",
  "messages",
  "conversations",
  "prompt",
  "completion",
  "instruction",
  "input",
  "output",
  "text",
  "tools",
  "role",
  "content",
  "from",
  "value",
] as const;

/** A turn of a conversation. */
export type Turn = Conversation["messages"][number];

/** An example by its format, with its fields checked. */
export type ReadExample =
  | { readonly kind: "masked"; readonly ids: unknown; readonly mask: unknown }
  | { readonly kind: "completion"; readonly prompt: string; readonly completion: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "instruction"; readonly instruction: string; readonly input: string; readonly output: string }
  | ReadConversation;

/** A conversation with its turns checked. */
export interface ReadConversation {
  readonly kind: "conversation";
  readonly messages: readonly Turn[];
  /** Index of the first turn that may be a target; default 0. */
  readonly from?: number;
  /** Functions that the model may call, not yet checked; default: none. */
  readonly tools?: readonly unknown[];
}

/** Reads a row of examples. Throws `ConfigError`, with its number, for a row of no known format. */
export type ExampleReader = (row: unknown, place: number) => ReadExample;

/** A reader for examples with other field names. Throws `ConfigError` for invalid names. */
export function exampleReader(what: string, fields: ExampleFields = {}): ExampleReader {
  checkOptions(`${what}: fields`, fields, FIELDS);
  const names = new Map<FieldName, string>();
  for (const field of FIELDS) {
    const name = fields[field];
    if (name !== undefined) names.set(field, isText(what, `fields.${field}`, name));
  }
  const nameOf = (field: FieldName) => names.get(field) ?? field;
  // Naming fields of a format chooses that format.
  const all = Object.keys(formats) as Format[];
  const meant = all.filter((format) => formats[format].some((field) => names.has(field)));
  const asked = meant.length > 0 ? meant : all;
  const wanted = asked.map((format) => `{ ${formats[format].map(nameOf).join(", ")} }`).join(", ");
  return (row, place) => {
    checkRecord(`${what}: example ${place} is one of ${wanted}`, row);
    const format = asked.find((known) => formats[known].every((field) => row[nameOf(field)] !== undefined));
    if (format === undefined)
      throw new ConfigError(`${what}: example ${place} is one of ${wanted}, got fields ${fieldsOf(row)}`, {
        op: what,
        option: "examples",
        place,
        expected: wanted,
      });
    return reading[format]({ what, place, row, nameOf });
  };
}

interface Row {
  readonly what: string;
  readonly place: number;
  readonly row: Readonly<Record<string, unknown>>;
  readonly nameOf: (field: FieldName) => string;
}

const reading: Readonly<Record<Format, (given: Row) => ReadExample>> = {
  masked: ({ row, nameOf }) => ({ kind: "masked", ids: row[nameOf("ids")], mask: row[nameOf("mask")] }),
  completion: (given) => ({
    kind: "completion",
    prompt: textOf(given, "prompt"),
    completion: textOf(given, "completion"),
  }),
  text: (given) => ({ kind: "text", text: textOf(given, "text") }),
  instruction: (given) => ({
    kind: "instruction",
    instruction: textOf(given, "instruction"),
    // Tables have null for empty cells.
    input: given.row[given.nameOf("input")] == null ? "" : textOf(given, "input"),
    output: textOf(given, "output"),
  }),
  conversation: (given) => ({
    kind: "conversation",
    messages: turnsOf(given, "messages", "role", "content"),
    ...toolsOf(given),
  }),
  shared: (given) => {
    const turns = turnsOf(given, "conversations", "from", "value");
    return {
      kind: "conversation",
      messages: turns.map(({ role, content }) => ({ role: SPEAKERS[role] ?? role, content })),
      ...toolsOf(given),
    };
  },
};

/** ShareGPT's roles; other roles stay as they are. */
const SPEAKERS: Readonly<Record<string, string | undefined>> = Object.assign(Object.create(null) as object, {
  human: "user",
  gpt: "assistant",
  bot: "assistant",
  model: "assistant",
  chatgpt: "assistant",
  function_response: "tool",
  observation: "tool",
});

const toolsOf = ({ what, place, row, nameOf }: Row) => readTools(what, place, nameOf("tools"), row[nameOf("tools")]);

function textOf({ what, place, row, nameOf }: Row, field: FieldName): string {
  const value = row[nameOf(field)];
  if (typeof value === "string") return value;
  throw wrong(what, place, `${nameOf(field)} is a text, got ${excerpt(value)}`);
}

function turnsOf({ what, place, row, nameOf }: Row, list: FieldName, speaker: FieldName, said: FieldName): Turn[] {
  const given = row[nameOf(list)];
  const [roleName, contentName] = [nameOf(speaker), nameOf(said)];
  const expected = `${nameOf(list)} is a list of { ${roleName}, ${contentName} }`;
  if (!Array.isArray(given) || given.length === 0) throw wrong(what, place, `${expected}, got ${excerpt(given)}`);
  return Array.from(given as unknown[], (turn) => {
    if (!isRecord(turn) || typeof turn[roleName] !== "string")
      throw wrong(what, place, `${expected}, got ${excerpt(turn)}`);
    return { ...turn, role: turn[roleName], content: turn[contentName] };
  });
}

/** A conversation's functions: a list, or JSON of one as a text, as tables have it. */
export function readTools(what: string, place: number, name: string, given: unknown): Pick<ReadConversation, "tools"> {
  if (given === undefined || given === null || given === "") return {};
  const fail = (problem: string) => wrong(what, place, `${name}: ${problem}`);
  const tools: unknown = typeof given === "string" ? parseJson(given, fail) : given;
  if (Array.isArray(tools)) return tools.length > 0 ? { tools } : {};
  throw wrong(
    what,
    place,
    `${name} is a list of functions { type: "function", function }, or JSON of one, got ${excerpt(given)}`,
  );
}

/** "<what>: example <place>: <problem>" */
export const wrong = (what: string, place: number, problem: string, option = "examples"): ConfigError =>
  new ConfigError(`${what}: example ${place}: ${problem}`, { op: what, option, place });

const fieldsOf = (row: object) => Object.keys(row).slice(0, 12).map((name) => excerpt(name)).join(", ") || "none"; // prettier-ignore
