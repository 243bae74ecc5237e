import { readOptions } from "../../../arguments/options.js";
import { unexpected } from "../../../arguments/settings.js";
import type { CallFormat } from "../../../constraint/calls/call-format.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { CallReader } from "./call-reader.js";
import { type CalledFunction, described, familyOf, marksOf, type ToolFamily } from "./families.js";
import { type ChatMessage, type Tool, type ToolOptions, toolReaders } from "./tool-options.js";

/** A conversation with functions: its text, and how the answer is read. */
export interface PreparedTools {
  /** The prompt. */
  readonly text: string;
  /** What the answer is bound to; null where it need not call. */
  readonly format: CallFormat | null;
  /** What an answer is bound to that calls. */
  readonly either: CallFormat;
  readonly reading: CallReading;
}

/** What is needed of a chat template. */
interface ToolTemplate {
  readonly source: string;
  /** Whether it writes functions. */
  readonly writesTools: boolean;
  readonly apply: (
    what: string,
    messages: readonly ChatMessage[],
    options: { readonly addGenerationPrompt: boolean; readonly tools?: readonly Tool[] },
  ) => string;
  /** The text of a conversation; null if the template fails. */
  readonly writes: (messages: readonly ChatMessage[]) => string | null;
}

/** How calls are found in an answer. */
export interface CallReading {
  /** Special tokens that are text, since calls have them. */
  readonly marks: ReadonlySet<string>;
  /** A reader for an answer to a prompt of these ids. @param mixed whether calls may follow content */
  readonly begin: (prompt: Int32Array, seed: number, mixed: boolean) => CallReader;
}

/**
 * Writes a conversation with functions, and decides how calls are written; null if the model may call none. Throws `ConfigError` for invalid
 * options.
 */
export function prepareTools(
  template: ToolTemplate,
  what: string,
  messages: readonly ChatMessage[],
  options: ToolOptions,
): PreparedTools | null {
  const { tools, toolChoice = "auto", parallelToolCalls } = readOptions(what, options, toolReaders);
  if (tools.length === 0 && toolChoice !== "auto" && toolChoice !== "none")
    throw new ConfigError(`${what}: toolChoice demands a call, and there are no tools`, {
      op: what,
      option: "toolChoice",
      value: toolChoice,
    });
  if (tools.length === 0 || toolChoice === "none") return null;
  const { text, family } = conversation(template, what, messages, tools, true);
  const functions = functionsOf(tools);
  const chosen = typeof toolChoice === "string" ? null : toolChoice.function.name;
  const called = functions.filter(({ name }) => chosen === null || name === chosen);
  if (called.length === 0)
    throw new ConfigError(`${what}: toolChoice: there is no function ${excerpt(chosen)} in tools`, {
      op: what,
      option: "toolChoice",
      value: chosen,
    });
  const written = family.written(called);
  const either = parallelToolCalls ? written : { ...written, most: 1 };
  const schemas = new Map(called.map(({ name, parameters }) => [name, parameters] as const));
  return {
    text,
    format: toolChoice === "auto" ? null : either,
    either,
    reading: {
      marks: new Set(marksOf(family)),
      begin: (prompt, seed, mixed) => new CallReader(family, schemas, (index) => idOf(prompt, seed, index), mixed),
    },
  };
}

/** The text of a conversation with these functions, as `prepareTools` writes it. Throws `ConfigError` for invalid functions. */
export function textWithTools(
  template: ToolTemplate,
  what: string,
  messages: readonly ChatMessage[],
  given: unknown,
  addGenerationPrompt: boolean,
): string {
  const { tools } = readOptions(what, { tools: given }, { tools: toolReaders.tools });
  return conversation(template, what, messages, tools, addGenerationPrompt).text;
}

/** A text that no template prints by itself. */
const PROBE = "\u2063probed\u2063";

/** The text of a conversation; where the template writes no functions, they are described in a message. */
function conversation(
  template: ToolTemplate,
  what: string,
  messages: readonly ChatMessage[],
  tools: readonly Tool[],
  addGenerationPrompt: boolean,
): { text: string; family: ToolFamily } {
  const options = { addGenerationPrompt, tools };
  if (template.writesTools) return { text: template.apply(what, messages, options), family: familyOf(template.source) };
  const write = (hasSystem: boolean) =>
    template.apply(what, describedMessages(what, messages, tools, hasSystem), { addGenerationPrompt });
  // Some templates fail for a message of the system, others leave it out.
  const probe = ["system", "user"].map((role) => ({ role, content: PROBE }));
  const hasSystem = (template.writes(probe)?.split(PROBE).length ?? 0) > 2;
  return { text: write(hasSystem), family: described };
}

const functionsOf = (tools: readonly Tool[]): CalledFunction[] =>
  tools.map(({ function: { name, parameters = { properties: {} } } }, place) => ({
    name,
    parameters: { ...parameters, type: "object" },
    path: `tools[${place}].function.parameters`,
  }));

/** Nine letters and digits, as Mistral's templates demand: from a hash (FNV-1a) of what decides about the answer. */
function idOf(prompt: Int32Array, seed: number, index: number): string {
  const hash = (start: number) => {
    let state = start;
    for (const value of [...prompt, seed % 2 ** 32, Math.floor(seed / 2 ** 32), index])
      state = Math.imul(state ^ value, 0x01000193) ^ (state >>> 15);
    return (state >>> 0).toString(36).padStart(7, "0");
  };
  return hash(0x811c9dc5).slice(-5) + hash(0x01000193).slice(-4);
}

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
function describedMessages(
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
