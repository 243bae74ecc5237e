import type { BoundText } from "../../constraint/constraint.js";
import { tokenText, type TokenText } from "../../tokenize/token-text.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { nextTask } from "../../waiting/next-task.js";
import type { TakenGenerateOptions } from "./generate-options.js";
import type { LanguageModelParts } from "./load-language-model.js";
import { largestIds, LogitChanges, logProbabilities, penalise, Sampler } from "./sampler.js";
import type { CallReader } from "./tools/call-reader.js";
import type { ToolCallPiece } from "./tools/tool-options.js";

/** Text that arrives in pieces, up to the first stop sequence. The beginning of a possible stop sequence is kept back. */
export class StopWords {
  private held = "";
  private ended = false;

  constructor(private readonly words: readonly string[]) {}

  /** Whether a stop sequence was found. */
  get done(): boolean {
    return this.ended;
  }

  /** The text that is final after another piece. */
  push(piece: string): string {
    if (this.ended) return "";
    const text = this.held + piece;
    const places = this.words.map((word) => text.indexOf(word)).filter((place) => place >= 0);
    if (places.length > 0) {
      this.ended = true;
      this.held = "";
      return text.slice(0, Math.min(...places));
    }
    const keep = this.words.reduce((most, word) => Math.max(most, overlap(text, word)), 0);
    this.held = text.slice(text.length - keep);
    return text.slice(0, text.length - keep);
  }

  /** The text kept back, at the end. */
  end(): string {
    const { held } = this;
    this.held = "";
    return held;
  }
}

/** Length of the longest end of a text that begins a stop sequence. */
function overlap(text: string, word: string): number {
  for (let length = Math.min(word.length - 1, text.length); length > 0; length--)
    if (text.endsWith(word.slice(0, length))) return length;
  return 0;
}

/** Why a generation ended: an end-of-text token or the end of a format, a stop sequence, `maxTokens`, or the model's last position. */
export type GenerationEnd = "end-of-text" | "stop" | "max-tokens" | "context";

/** A generated token, including one that ends a text. */
export interface GeneratedToken {
  /** Id of the token. */
  readonly id: number;
  /** New text that is complete: whole characters, often those of this token. */
  readonly text: string;
  /** Log of the probability that the model gives it, before temperature and other sampling options; NaN if `logProbabilities` is false. */
  readonly logProbability: number;
  /** The most probable tokens, before sampling options; only with `topLogProbabilities`. */
  readonly top?: readonly { readonly id: number; readonly logProbability: number }[];
  /** Parts of calls that are complete with it; only with `tools`. They are no text. */
  readonly toolCalls?: readonly ToolCallPiece[];
  /** Why it is the last token; null if more may follow. */
  readonly end: GenerationEnd | null;
}

/** How many tokens may follow, and whether the model's last position is the limit. */
export interface Room {
  readonly tokens: number;
  readonly whole: boolean;
}

const NONE: ReadonlySet<number> = new Set();

/** One text during generation: samples its tokens and decides when it ends. */
export class Sequence {
  /** Tokens that the model has not processed yet. */
  next: Int32Array;
  done = false;
  private count = 0;
  private readonly sampler: Sampler;
  private readonly seen: Set<number>;
  private readonly changes: LogitChanges | null;
  private readonly text: TokenText | null;
  private readonly stops: StopWords;
  private bound: BoundText | null = null;
  private readonly calls: CallReader | null;

  constructor(
    private readonly parts: Pick<LanguageModelParts, "tokenizer" | "ends">,
    readonly prompt: Int32Array,
    private readonly room: Room,
    private readonly options: TakenGenerateOptions,
  ) {
    this.next = prompt;
    this.sampler = new Sampler(options);
    this.changes = LogitChanges.of(options);
    this.seen = new Set(options.repetitionPenalty === 1 ? [] : prompt);
    const { calls, seed } = options;
    this.text = parts.tokenizer === null ? null : tokenText(parts.tokenizer, calls?.marks);
    this.stops = new StopWords(options.stop);
    this.calls = calls?.begin(prompt, seed, options.constraint === null) ?? null;
  }

  /** Whether inputs of products with grouped weights are rounded. */
  get rounded(): boolean {
    return this.options.rounded;
  }

  /** Number of tokens that may still follow. */
  get left(): number {
    return this.room.tokens - this.count;
  }

  /**
   * Works on what binds the next token to its format, up to so many pieces of about a millisecond; returns whether it is done, which else
   * `take` does at once. Throws as compiling the format does.
   */
  prepare(pieces: number): boolean {
    const { constraint } = this.options;
    if (constraint === null) return true;
    if (this.bound === null && !constraint.compileSome(pieces)) return false;
    return (this.bound ??= constraint.begin()).prepare(pieces);
  }

  /** Samples the token after the last one from its logits `[vocabulary]`, which it may change. */
  take(logits: Float32Array): GeneratedToken {
    this.prepare(Infinity);
    const { options, stops, text, room, bound } = this;
    const { logProbabilities: withLogs, topLogProbabilities } = options;
    const given = withLogs && this.altering ? logits.slice() : logits;
    const id = this.sample(logits);
    this.next = Int32Array.of(id);
    const isEnd = !options.ignoreEnd && this.parts.ends.has(id);
    const ended = isEnd || bound?.finished === true;
    const full = ++this.count === room.tokens;
    let shown = isEnd ? "" : stops.push(text?.push(id) ?? "");
    if (ended || full) shown += stops.push(text?.end() ?? "") + stops.end();
    const spent = full ? (room.whole ? "context" : "max-tokens") : null;
    // Where a stop sequence ends with a format, it is the reason.
    const reason = stops.done && !isEnd ? "stop" : ended ? "end-of-text" : spent;
    this.done = reason !== null;
    const logs = withLogs ? logsOf(given, id, topLogProbabilities) : { logProbability: NaN };
    if (this.calls === null) return { id, text: shown, ...logs, end: reason };
    const { text: content, calls } = this.calls.push(shown, this.done);
    return { id, text: content, ...logs, ...(calls.length > 0 && { toolCalls: calls }), end: reason };
  }

  /** Whether sampling changes logits. */
  private get altering(): boolean {
    return this.options.repetitionPenalty !== 1 || this.changes !== null || this.bound !== null;
  }

  private sample(logits: Float32Array): number {
    const { changes, bound, seen } = this;
    changes?.apply(logits);
    if (bound !== null) {
      // First: the format makes sure that a finite logit is left among those that it allows.
      penalise(logits, seen, this.options.repetitionPenalty);
      bound.bind(logits);
    }
    const id = this.sampler.next(logits, bound === null ? seen : NONE);
    changes?.count(id);
    bound?.take(id);
    if (this.options.repetitionPenalty !== 1) seen.add(id);
    return id;
  }
}

/** Log probability of a token, and of the most probable ones if any are asked for. */
function logsOf(logits: Float32Array, id: number, count: number): Pick<GeneratedToken, "logProbability" | "top"> {
  const ids = largestIds(logits, count);
  const [logProbability, ...others] = logProbabilities(logits, [id, ...ids]) as [number, ...number[]];
  if (count === 0) return { logProbability };
  return { logProbability, top: ids.map((other, i) => ({ id: other, logProbability: others[i]! })) };
}

/** Pieces of preparing a token between two pauses. */
const PIECES = 8;

/** Prepares a text's next token, with pauses for other work. Throws `AbortError` after one if the signal is aborted. */
export async function prepared(text: Pick<Sequence, "prepare">, signal: AbortSignal | undefined): Promise<void> {
  while (!text.prepare(PIECES)) {
    await nextTask();
    throwIfAborted(signal);
  }
}
