import { INFERENCE_TOKENS, type InferenceParts } from "../models/sentence/inference.js";
import { nextTask, SLICE, type Steps, stopwatch } from "../waiting/next-task.js";
import { type Finish, forwardPass, type PassText } from "./forward-pass.js";
import type { HeldAdapter } from "./adapter-cache.js";
import { Refusal } from "./problem.js";

/** The texts of a request, and what to compute for each. @typeParam T a text's tokens, or those of a pair of texts */
export interface TextsAsked<T> {
  readonly count: number;
  /** Tokens of text number `i` in steps, asked for once. */
  readonly tokensOf: (i: number) => Steps<T>;
  readonly adapter: HeldAdapter["adapter"];
  readonly finish: Finish;
  /** Number of leading tokens of every text that are not pooled. */
  readonly skip: number;
}

interface Waiting<T> extends TextsAsked<T> {
  /** Texts that are tokenized and not yet processed, and the number of their tokens. */
  readonly ready: T[];
  readyTokens: number;
  /** The text that is being tokenized; null for none. */
  work: Steps<T> | null;
  /** Number of texts that were tokenized or are being. */
  begun: number;
  /** Number of texts already processed. */
  next: number;
  readonly rows: Float32Array[];
  failed: { readonly error: unknown } | null;
}

/**
 * Texts that wait for the encoder. A pass takes one text of each request in turn, so that a long request does not delay a short one.
 *
 * No background loop runs the passes: a waiting request runs one itself if no other has since its last turn. Edge runtimes end the timers
 * of a request whose client has disconnected, and other requests must not depend on them.
 */
export class WaitingTexts<T extends { readonly length: number } = Int32Array> {
  private waiting: Waiting<T>[] = [];
  private passes = 0;

  constructor(
    private readonly parts: InferenceParts<T>,
    private readonly most: number,
    /** Runs a pass; if memory runs out, `withRoom` frees some and runs it again. */
    private readonly withRoom: <R>(pass: () => R) => R,
  ) {}

  /** Texts that no pass has taken yet. */
  get count(): number {
    return this.waiting.reduce((sum, { count, next }) => sum + count - next, 0);
  }

  /**
   * One row for each text. `checkWanted` throws when nobody waits any more; remaining texts are then dropped. Throws `Refusal` if too many
   * texts wait already, and the errors of a pass.
   */
  async run(asked: TextsAsked<T>, checkWanted: () => void): Promise<Float32Array[]> {
    const { count: length } = asked;
    if (this.count + length > this.most)
      throw new Refusal("BUSY", `${this.most} texts wait already; ask again in a moment`, { maximum: this.most });
    const own: Waiting<T> = {
      ...asked,
      ready: [],
      readyTokens: 0,
      work: null,
      begun: 0,
      next: 0,
      rows: [],
      failed: null,
    };
    if (length === 0) return own.rows;
    this.waiting.push(own);
    try {
      while (own.rows.length < length) {
        this.tokenize(own);
        const seen = this.passes;
        // Requests that arrive now can join the pass.
        await nextTask();
        checkWanted();
        if (own.failed === null && own.rows.length < length && seen === this.passes) this.pass();
        if (own.failed !== null) throw own.failed.error;
      }
      return own.rows;
    } finally {
      this.waiting = this.waiting.filter((one) => one !== own);
    }
  }

  /** One forward pass of the number of tokens that is most efficient. */
  private pass(): void {
    this.passes++;
    const taken = this.take();
    if (taken.length === 0) return;
    const texts: PassText<T>[] = taken.map(({ of, tokens }) => ({ tokens, adapter: of.adapter, finish: of.finish }));
    try {
      const rows = this.withRoom(() => forwardPass(this.parts, texts, taken[0]!.of.skip));
      taken.forEach(({ of }, i) => of.rows.push(rows[i]!));
    } catch (error) {
      for (const { of } of taken) of.failed = { error };
    }
    // Requests that were served go to the end of the queue.
    const served = new Set(taken.map(({ of }) => of));
    const open = this.waiting.filter(({ next, count, failed }) => next < count && failed === null);
    this.waiting = [...open.filter((one) => !served.has(one)), ...open.filter((one) => served.has(one))];
  }

  private take(): { readonly of: Waiting<T>; readonly tokens: T }[] {
    const taken: { of: Waiting<T>; tokens: T }[] = [];
    const skip = this.waiting.find(({ ready, failed }) => failed === null && ready.length > 0)?.skip;
    let round = this.waiting.filter((one) => one.skip === skip && one.failed === null);
    let total = 0;
    while (round.length > 0) {
      const further: Waiting<T>[] = [];
      for (const of of round) {
        const tokens = this.tokens(of);
        if (tokens === undefined) continue;
        if (taken.length > 0 && total + tokens.length > INFERENCE_TOKENS) return taken;
        total += tokens.length;
        taken.push({ of, tokens });
        of.ready.shift();
        of.readyTokens -= tokens.length;
        if (++of.next < of.count) further.push(of);
      }
      round = further;
    }
    return taken;
  }

  /** The next text's tokens, if they are ready; none if its adapter was removed, which only fails its own request. */
  private tokens(of: Waiting<T>): T | undefined {
    try {
      this.parts.adapterSet.applied(of.adapter);
      return of.ready[0];
    } catch (error) {
      of.failed = { error };
      return undefined;
    }
  }

  /** Tokenizes texts of a request for a pass, some milliseconds at a time: other requests are answered meanwhile. */
  private tokenize(of: Waiting<T>): void {
    const since = stopwatch();
    try {
      while (of.failed === null && of.readyTokens < INFERENCE_TOKENS && (of.work !== null || of.begun < of.count)) {
        const { done, value } = (of.work ??= of.tokensOf(of.begun++)).next();
        if (done === true) {
          of.work = null;
          of.ready.push(value);
          of.readyTokens += value.length;
        }
        if (since() > SLICE) return;
      }
    } catch (error) {
      of.failed = { error };
    }
  }
}
