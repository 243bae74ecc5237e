import type { CallAdapters } from "../../adapters/adapter-selection.js";
import { CachedTokens, decodeBatch, PROMPT_TOKENS } from "./decode-step.js";
import type { TakenGenerateOptions } from "./generate-options.js";
import type { LanguageModelParts } from "./load-language-model.js";
import { type GeneratedToken, prepared, type Sequence } from "./sequence.js";
import { largestIds } from "./sampler.js";

/** Most tokens at the end of a text that are looked up; fewer are tried next. */
const LONGEST = 4;
/** Fewest: one or two tokens occur too often to say what follows. */
const SHORTEST = 3;

/**
 * Up to `most` tokens that followed a text's last ones where these occurred before, at the last such place; empty if they did not.
 * Summaries and edits repeat much of their prompt. Source: prompt lookup decoding (Saxena, 2023), `prompt_lookup_num_tokens` of transformers.
 * @internal exported for its tests
 */
export function lookUp(text: Int32Array, most: number): Int32Array {
  for (let size = LONGEST; size >= SHORTEST; size--) {
    const after = placeAfter(text, size);
    if (after !== -1) return text.slice(after, after + most);
  }
  return new Int32Array(0);
}

/** Where a text goes on after the last earlier occurrence of its last `size` tokens; -1 if there is none. */
function placeAfter(text: Int32Array, size: number): number {
  for (let end = text.length - 1; end >= size; end--) {
    let same = 0;
    while (same < size && text[end - 1 - same] === text[text.length - 1 - same]) same++;
    if (same === size) return end;
  }
  return -1;
}

/** A draft model at a call. */
export interface AssistantCall {
  readonly model: Pick<LanguageModelParts, "graph" | "model" | "cacheFormat">;
  /** Active adapter, with the values at the call. */
  readonly adapters: CallAdapters;
  /** Marks it as running, so that nothing that it computes with changes; returns a function that ends that. */
  readonly begin: () => () => void;
}

/** Drafts from a smaller model: its most probable tokens, one after the other. */
class Assistant {
  private readonly cached: CachedTokens;

  constructor(private readonly call: AssistantCall) {
    const { graph, model, cacheFormat } = call.model;
    this.cached = CachedTokens.none(graph, model.config, cacheFormat);
  }

  /**
   * Up to `most` tokens after a text; fewer at the end of the draft model's positions.
   * @param breathe called between two passes; throws if the call was aborted
   */
  async draft(text: Int32Array, most: number, breathe: () => Promise<void>): Promise<Int32Array> {
    const { cached, call } = this;
    const room = Math.min(most, call.model.model.config.maxPositions - text.length);
    if (room < 1) return new Int32Array(0);
    call.adapters.keep(call.model.graph);
    cached.cut(cached.reusable(text));
    const drafted: number[] = [];
    for (let left = text.subarray(cached.length); drafted.length < room;) {
      const ids = left.subarray(0, PROMPT_TOKENS);
      const [logits] = await decodeBatch(call.model, call.adapters, [{ text: 0, held: cached, ids, rounded: true }]);
      left = left.subarray(ids.length);
      if (left.length === 0) {
        drafted.push(largestIds(logits!, 1)[0]!);
        left = Int32Array.of(drafted.at(-1)!);
      }
      await breathe();
    }
    return Int32Array.from(drafted);
  }

  dispose(): void {
    const { graph } = this.call.model;
    if (graph.gone) return;
    this.cached.dispose();
    this.call.adapters.release(graph);
  }
}

/**
 * Speculative decoding of a text: one pass computes the logits after its last token and after tokens that are drafted to follow. Each token
 * is sampled as without drafts; the drafts say which logits are of use. So the text is the same to the bit, whatever was drafted.
 *
 * Source: Leviathan et al., arXiv 2211.17192; the number of drafted tokens follows their success.
 */
export class Speculation {
  private text: Int32Array;
  private length: number;
  /** Tokens of the next draft. */
  private next: number;
  private readonly assistant: Assistant | null;

  private constructor(
    prompt: Int32Array,
    private readonly most: number,
    assistant: AssistantCall | null,
  ) {
    this.text = prompt.slice();
    this.length = prompt.length;
    this.next = Math.min(FIRST, most);
    this.assistant = assistant && new Assistant(assistant);
  }

  /** The speculation of a request; null if it asks for none. */
  static of(prompt: Int32Array, options: TakenGenerateOptions, assistant: AssistantCall | null): Speculation | null {
    const { promptLookupNumTokens, numAssistantTokens } = options;
    if (assistant !== null) return new Speculation(prompt, numAssistantTokens ?? USUAL, assistant);
    return promptLookupNumTokens === undefined ? null : new Speculation(prompt, promptLookupNumTokens, null);
  }

  /**
   * The tokens that may follow the text so far; none are drafted beyond `room`.
   * @param breathe called between two passes of the draft model; throws if the call was aborted
   */
  async draft(room: number, breathe: () => Promise<void>): Promise<Int32Array> {
    const most = Math.min(this.next, room);
    if (most < 1) return NONE;
    const text = this.text.subarray(0, this.length);
    return this.assistant === null ? lookUp(text, most) : this.assistant.draft(text, most, breathe);
  }

  /** Adds generated tokens, and says how many of a draft were among them. */
  add(tokens: readonly GeneratedToken[], drafted: number): void {
    const ids = tokens.map(({ id }) => id);
    if (this.text.length < this.length + ids.length) {
      const grown = new Int32Array(2 * (this.length + ids.length));
      grown.set(this.text);
      this.text = grown;
    }
    this.text.set(ids, this.length);
    this.length += ids.length;
    if (drafted === 0) return;
    const right = ids.length - 1;
    this.next = right === drafted ? Math.min(this.most, 2 * drafted + 1) : Math.max(1, right);
  }

  /** Frees the draft model's cache. */
  dispose(): void {
    this.assistant?.dispose();
  }
}

/** Tokens of the first draft: with the last token they are four rows, which the products with quantised weights compute together. */
const FIRST = 3;

/** Default of `numAssistantTokens`. */
const USUAL = 5;
const NONE = new Int32Array(0);

/**
 * The next tokens of a text: sampled as long as the logits are there, which is as long as the tokens are those that were drafted.
 * @param rows logits `[1 + drafted, vocabulary]` after the last token and after each drafted one, which it may change
 */
export async function takeDrafted(
  text: Sequence,
  drafted: Int32Array,
  rows: Float32Array,
  signal: AbortSignal | undefined,
): Promise<GeneratedToken[]> {
  const size = rows.length / (1 + drafted.length);
  const tokens: GeneratedToken[] = [];
  for (let row = 0; ; row++) {
    await prepared(text, signal);
    const token = text.take(rows.subarray(row * size, (row + 1) * size));
    tokens.push(token);
    if (text.done || token.id !== drafted[row]) return tokens;
  }
}
