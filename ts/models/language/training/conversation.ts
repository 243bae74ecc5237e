import { ConfigError, ModelError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { type ReadConversation, type Turn, wrong } from "./example-formats.js";
import { commonLength } from "../../../values/number-list.js";

/** Formats conversations as the model expects them. */
export interface ChatWriter {
  /** Throws for messages that the template does not accept. */
  textWithoutTools(what: string, messages: readonly Turn[], options: { readonly addGenerationPrompt: boolean }): string;
  /** The text of a conversation with functions that the model may call; it throws for invalid ones too. */
  textWithTools(
    what: string,
    messages: readonly Turn[],
    tools: unknown,
    options: { readonly addGenerationPrompt: boolean },
  ): string;
}

/** A range of a text, `[start, end)`. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** Maximum number of turns: the template runs for each of them, on all turns before it. */
const MOST_TURNS = 512;

/** A text that no template changes and no conversation contains. */
const MARK = "\uE000lowrank\uE001";

/**
 * A conversation's text, and the ranges of the assistant's turns at index `from` or later, each from the end of the prompt before it to the
 * start of the next turn. Some templates write a turn differently once others follow, or begin an answer with text that the data do not have;
 * then a turn is found by its content.
 *
 * Throws `ConfigError`, naming the example, if there is no assistant turn, or one cannot be found.
 */
export function writtenTurns(
  what: string,
  place: number,
  template: ChatWriter,
  messages: readonly Turn[],
  { from = 0, tools }: Pick<ReadConversation, "from" | "tools"> = {},
): { readonly text: string; readonly spans: readonly Span[] } {
  if (messages.length > MOST_TURNS)
    throw wrong(what, place, `it has ${messages.length} turns; ${MOST_TURNS} are taken: part it into several`);
  const answers = [...messages.keys()].filter((i) => i >= from && messages[i]!.role === "assistant");
  if (answers.length === 0) {
    const roles = [...new Set(messages.slice(from).map(({ role }) => role))].slice(0, 8);
    throw wrong(what, place, `no turn is the assistant's, so there is nothing to learn: roles are ${excerpt(roles)}`);
  }
  const named = `${what}: example ${place}`;
  const write = (given: readonly Turn[], addGenerationPrompt = false) =>
    tools === undefined
      ? template.textWithoutTools(named, given, { addGenerationPrompt })
      : template.textWithTools(named, given, tools, { addGenerationPrompt });
  const text = write(messages);
  const spans = answers.map((i) => spanOf(text, messages, i, write));
  const lost = spans.findIndex((span, i) => span === null || span.start < (spans[i - 1]?.end ?? 0));
  if (lost < 0) return { text, spans: spans as Span[] };
  throw wrong(what, place, `turn ${answers[lost]!} cannot be found in what the model's chat template writes`);
}

type Write = (messages: readonly Turn[], addGenerationPrompt?: boolean) => string;

function spanOf(text: string, messages: readonly Turn[], i: number, write: Write): Span | null {
  const start = endOf(text, () => write(messages.slice(0, i), true));
  const end = i + 1 === messages.length ? text.length : endOf(text, () => write(messages.slice(0, i + 1)));
  if (start !== null && end !== null && start < end) return { start, end };
  const marked = write(messages.map((turn, k) => (k === i ? { ...turn, content: MARK } : turn)));
  const at = marked.indexOf(MARK);
  if (at < 0) return null;
  const behind = marked.slice(at + MARK.length);
  // Whatever the template does to the content, the text around it stays.
  if (!text.startsWith(marked.slice(0, at)) || !text.endsWith(behind)) return null;
  const own = text.length - behind.length;
  if (own <= at) return null;
  // The end of a turn is the text that follows it when no other turn follows.
  return { start: start ?? at, end: end ?? own + commonLength(behind, tailOf(messages.slice(0, i + 1), write)) };
}

/** Length, if the whole begins with it; null if not, or if the template does not accept these messages. */
function endOf(text: string, write: () => string): number | null {
  const part = attempt(write);
  return part !== null && text.startsWith(part) ? part.length : null;
}

/** What the template writes after the last turn's content. */
function tailOf(messages: readonly Turn[], write: Write): string {
  const last = { ...messages.at(-1)!, content: MARK };
  const marked = attempt(() => write([...messages.slice(0, -1), last])) ?? "";
  return marked.slice(marked.indexOf(MARK) + MARK.length);
}

function attempt(write: () => string): string | null {
  try {
    return write();
  } catch (error) {
    // For example, templates refuse conversations that do not begin with a user's turn.
    if (error instanceof ModelError || error instanceof ConfigError) return null;
    throw error;
  }
}
