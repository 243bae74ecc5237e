import { checkRecord, isRecord } from "../../../arguments/collections.js";
import { checkOptions } from "../../../arguments/options.js";
import { text as isText } from "../../../arguments/settings.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";

/** Token ids, and which of them are learnt: `mask` has a 1 for each target, which the tokens before it are to give. */
export interface MaskedTokens {
  /** Of all tokens, `[tokens]`. */
  readonly ids: ArrayLike<number>;
  /** 1 or true where a token is learnt, `[tokens]`. */
  readonly mask: ArrayLike<number | boolean>;
}

/** Two texts that are joined as they are, the end-of-text token behind them: the second is learnt. */
export interface Completion {
  /** What is given. */
  readonly prompt: string;
  /** What is learnt. */
  readonly completion: string;
}

/** A text that is learnt as a whole, the end-of-text token behind it. */
export interface PlainText {
  /** All of it. */
  readonly text: string;
}

/**
 * A task and its solution, which is learnt. With a chat template they are a user's and the assistant's turn, `input` below
 * `instruction`; without one they are Alpaca's text, headings as "### Instruction:" above each part.
 */
export interface Instruction {
  /** The task. */
  readonly instruction: string;
  /** What the instruction is about; default nothing. */
  readonly input?: string;
  /** The solution. */
  readonly output: string;
}

/** A conversation, written by the model's chat template: the assistant's turns are learnt. */
export interface Conversation {
  /** The turns, as the chat template takes them. */
  readonly messages: readonly {
    readonly role: string;
    readonly content?: unknown;
    readonly [field: string]: unknown;
  }[];
}

/** The same as ShareGPT has it: `from` is "system", "human" or "gpt". */
export interface SharedConversation {
  /** The turns. */
  readonly conversations: readonly { readonly from: string; readonly value: string }[];
}

/** What a language model learns from. Fields beside these are ignored. */
export type LanguageExample = MaskedTokens | Completion | PlainText | Instruction | Conversation | SharedConversation;

/** Formats by the fields that tell them, first what a table that has several of them means. */
const formats = {
  masked: ["ids", "mask"],
  conversation: ["messages"],
  shared: ["conversations"],
  completion: ["prompt", "completion"],
  instruction: ["instruction", "output"],
  text: ["text"],
} as const;

type Format = keyof typeof formats;

/** What the examples call a field, by its name here: `{ prompt: "question", completion: "answer" }`. */
export type ExampleFields = Readonly<Partial<Record<FieldName, string>>>;

type FieldName = (typeof formats)[Format][number] | "input" | "role" | "content" | "from" | "value";

const FIELDS: readonly FieldName[] = [
  ...(["ids", "mask", "messages", "conversations", "prompt", "completion", "instruction", "input", "output"] as const),
  ...(["text", "role", "content", "from", "value"] as const),
];

/** A turn of a conversation. */
export type Turn = Conversation["messages"][number];

/** An example by its kind, its fields looked at. */
export type ReadExample =
  | { readonly kind: "masked"; readonly ids: unknown; readonly mask: unknown }
  | { readonly kind: "completion"; readonly prompt: string; readonly completion: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "instruction"; readonly instruction: string; readonly input: string; readonly output: string }
  | { readonly kind: "conversation"; readonly messages: readonly Turn[] };

/** Reads a row of examples. Throws `ConfigError` that names it by its number where it is of no format. */
export type ExampleReader = (row: unknown, place: number) => ReadExample;

/** A reader of examples whose fields may have other names. Throws `ConfigError` for names that make no sense. */
export function exampleReader(what: string, fields: ExampleFields = {}): ExampleReader {
  checkOptions(`${what}: fields`, fields, FIELDS);
  const names = new Map<FieldName, string>();
  for (const field of FIELDS) {
    const name = fields[field];
    if (name !== undefined) names.set(field, isText(what, `fields.${field}`, name));
  }
  const nameOf = (field: FieldName) => names.get(field) ?? field;
  // Who names a format's fields means that format.
  const all = Object.keys(formats) as Format[];
  const meant = all.filter((format) => formats[format].some((field) => names.has(field)));
  const asked = meant.length > 0 ? meant : all;
  const wanted = asked.map((format) => `{ ${formats[format].map(nameOf).join(", ")} }`).join(", ");
  return (row, place) => {
    checkRecord(`${what}: example ${place} is one of ${wanted}`, row);
    const format = asked.find((known) => formats[known].every((field) => row[nameOf(field)] !== undefined));
    if (format === undefined)
      throw new ConfigError(`${what}: example ${place} is one of ${wanted}, got fields ${fieldsOf(row)}`, {
        ...{ op: what, option: "examples", place, expected: wanted },
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
    // Tables have null where there is none.
    input: given.row[given.nameOf("input")] == null ? "" : textOf(given, "input"),
    output: textOf(given, "output"),
  }),
  conversation: (given) => ({ kind: "conversation", messages: turnsOf(given, "messages", "role", "content") }),
  shared: (given) => {
    const turns = turnsOf(given, "conversations", "from", "value");
    return {
      kind: "conversation",
      messages: turns.map(({ role, content }) => ({ role: SPEAKERS[role] ?? role, content })),
    };
  },
};

/** ShareGPT's speakers; others are roles as they are. */
const SPEAKERS: Readonly<Record<string, string | undefined>> = Object.assign(Object.create(null) as object, {
  human: "user",
  gpt: "assistant",
  bot: "assistant",
  model: "assistant",
  chatgpt: "assistant",
  function_response: "tool",
  observation: "tool",
});

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

/** "<what>: example <place>: <problem>" */
export const wrong = (what: string, place: number, problem: string, option = "examples"): ConfigError =>
  new ConfigError(`${what}: example ${place}: ${problem}`, { op: what, option, place });

const fieldsOf = (row: object) => Object.keys(row).slice(0, 12).map((name) => excerpt(name)).join(", ") || "none"; // prettier-ignore
