import type { TakenGenerateOptions } from "../generate-options.js";
import { prepared } from "../prepared.js";
import type { GeneratedToken, Sequence } from "../sequence.js";
import { Assistant, type AssistantCall } from "./assistant.js";
import { lookUp } from "./prompt-lookup.js";

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

  /** That of a request; null if it asks for none. */
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
