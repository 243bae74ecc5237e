import { AbortError, MemoryError } from "../../../errors/errors.js";
import { throwIfAborted } from "../../../waiting/abort.js";
import { nextTask, timer } from "../../../waiting/next-task.js";
import { keepsState } from "../../decoder/config.js";
import { type CachedTokens, type DecodedLogits, decodeStep, PROMPT_TOKENS } from "../decode-step.js";
import type { GenerationRequest } from "../generate.js";
import type { CalledLanguageModel } from "../load-language-model.js";
import { type GeneratedToken, Sequence } from "../sequence.js";
import { BatchText, type Expiry, type SharedAdapter, SharedAdapters } from "./batch-text.js";
import type { BlockStorage } from "./block-tree.js";
import { PrefixCache } from "./prefix-cache.js";
import { commonLength } from "../../../values/number-list.js";

/** Tokens of prompts in a pass that also generates: texts that are streamed would otherwise pause for a long prompt. */
const SHARED_PROMPT_TOKENS = 64;
/** Tokens for which a text waits until another one has read the beginning that both have. */
const WORTH_WAITING = 16;

/** Tokens of an answer for which a copied beginning has room, without a further copy. */
const ANSWER_TOKENS = 64;

/** Pieces of work on formats of texts in a pass, each about a millisecond: other texts' tokens would otherwise pause for a large one. */
const SHARED_PIECES = 16;

/** Milliseconds for which a text waits for a storage, which is not used again after a longer time. */
const READING = 10_000;

/** Limits of a batch. */
export interface BatchLimits {
  /** Maximum number of texts in a pass; others wait. */
  readonly maxTexts: number;
  /** Maximum bytes of linear memory for beginnings of ended texts; 0 keeps none. */
  readonly prefixBytes: number;
  /** Where beginnings are that memory does not have; none by default. */
  readonly storage?: BlockStorage | undefined;
}

/** A text that a batch generates. */
export interface RunningText {
  /** Number of the prompt's tokens that an earlier text had computed. */
  readonly reused: number;
  /** Whether it has its place, or is over: its next token does not wait for other texts' end. */
  readonly begun: boolean;
  /** The next token; null after the last. Rejects with the error that ended the text. */
  next(): Promise<GeneratedToken | null>;
  /** Gives the text up and frees its place; it may have ended already. */
  end(): void;
}

/** A text of a pass with its tokens. */
interface Fed {
  readonly text: BatchText;
  readonly adapter: SharedAdapter;
  readonly ids: Int32Array;
}

/**
 * Texts that are generated together and come and go between two passes, each with its own adapter, sampling and limits. A pass computes a
 * token of each text and reads a piece of new prompts. Tokens are bit-identical to those of each text alone.
 *
 * Nothing runs in the background: who waits for a token runs the next pass, for all texts, unless another has since. Edge runtimes end the
 * timers of a request whose client has disconnected, and other requests must not depend on them.
 */
export class ContinuousBatch {
  private readonly adapters: SharedAdapters;
  private readonly prefixes: PrefixCache;
  /** Texts without a place, in the order in which they came. */
  private waiting: BatchText[] = [];
  private running: BatchText[] = [];
  private passes = 0;
  /** Ends when the logits of the pass under way are there: a pass on a GPU takes time in which others may call. */
  private passing: Promise<void> | null = null;
  /** Whether memory was full: until a text ends, no other begins. */
  private full = false;

  constructor(
    private readonly model: CalledLanguageModel,
    private readonly limits: BatchLimits,
  ) {
    this.adapters = new SharedAdapters(model.graph);
    this.prefixes = new PrefixCache(model, limits.prefixBytes, this.adapters, limits.storage);
  }

  /** Number of texts in the passes, number of those that wait, and bytes of kept beginnings. */
  get size(): { readonly running: number; readonly waiting: number; readonly prefixBytes: number } {
    return { running: this.running.length, waiting: this.waiting.length, prefixBytes: this.prefixes.bytes };
  }

  /** Adds a checked request, with its adapter's values now. Its signal frees its place at once. Throws `ConfigError` for an unknown adapter. */
  add(request: GenerationRequest, expiry?: Expiry): RunningText {
    const { model, adapters } = this;
    const { adapter, signal } = request.options;
    throwIfAborted(signal);
    // It may throw: before anything is counted.
    const sequence = new Sequence(model, request.prompt, request.room, request.options);
    const shared = adapters.of(model.adapterSet.applied(adapter));
    const { weights, end } = model.adapterSet.merged.begin();
    const leave = () => this.end(text, new AbortError("cancelled by its AbortSignal", { reason: signal?.reason }));
    const text = new BatchText(sequence, request, shared, weights, expiry, () => {
      signal?.removeEventListener("abort", leave);
      adapters.release(shared);
      end();
    });
    signal?.addEventListener("abort", leave);
    this.waiting.push(text);
    try {
      text.reading = this.reading(text);
    } catch (error) {
      this.end(text, error);
      throw error;
    }
    return {
      get reused() {
        return text.reused;
      },
      get begun() {
        return text.cached !== null || text.ended;
      },
      next: () => this.next(text),
      end: () => this.end(text, new AbortError("the text was given up", { reason: "ended" })),
    };
  }

  /** Ends all texts with an error, and frees everything. */
  close(error: Error): void {
    for (const text of [...this.running, ...this.waiting]) this.end(text, error);
    this.prefixes.clear();
  }

  /** Runs `work`, which is atomic; if memory is full, again without kept beginnings, the oldest first. */
  withRoom<T>(work: () => T): T {
    for (;;)
      try {
        return work();
      } catch (error) {
        if (!(error instanceof MemoryError) || !this.prefixes.evict()) throw error;
      }
  }

  /** Frees beginnings of adapters that were removed from the model. */
  forgetRemoved(): void {
    this.prefixes.forgetRemoved();
  }

  /** Waits until what the storage has of a text is in memory, the text is over, or the storage takes too long; null without a storage. */
  private reading(text: BatchText): Promise<void> | null {
    const read = this.prefixes.read(text);
    if (read === null) return null;
    return new Promise<void>((resolve) => {
      const limit = timer(READING, () => {
        this.prefixes.leaveStorage();
        text.stopReading();
      });
      text.stopReading = () => {
        clearTimeout(limit);
        text.reading = null;
        resolve();
      };
      void read.then(text.stopReading);
    });
  }

  private async next(text: BatchText): Promise<GeneratedToken | null> {
    for (;;) {
      const token = text.unread.shift();
      if (token !== undefined) return token;
      if (text.failure !== null) throw text.failure.error;
      if (text.ended) return null;
      if (text.reading !== null) await text.reading;
      const seen = this.passes;
      // Requests that arrive now can join the pass.
      await nextTask();
      const pass = this.passing ?? (seen === this.passes && !text.ended ? this.pass() : undefined);
      if (pass !== undefined) await pass;
    }
  }

  /** Computes a token of each text; a promise where that is read later. */
  private pass(): Promise<void> | undefined {
    this.passes++;
    const now = Date.now();
    for (const text of [...this.running, ...this.waiting])
      if (text.expiry !== undefined && now > text.expiry.time) this.end(text, text.expiry.error());
    this.admit();
    const unbound = this.running.filter(({ logits }) => logits !== null);
    for (const text of unbound) this.sample(text, text.logits!, unbound.length);
    const fed = this.fed();
    const reads: Promise<void>[] = [];
    // Rounded products are computed in a pass of their own.
    for (const rounded of [true, false]) {
      const some = fed.filter(({ text }) => text.rounded === rounded && text.cached !== null);
      const read = some.length > 0 ? this.run(some, rounded) : undefined;
      if (read !== undefined) reads.push(read);
    }
    if (reads.length === 0) return undefined;
    return (this.passing = Promise.all(reads).then(() => void (this.passing = null)));
  }

  private run(fed: readonly Fed[], rounded: boolean): Promise<void> | undefined {
    const texts = fed.map(({ text }) => text);
    const fail = (error: unknown) => this.fail(texts, error);
    const sample = (logits: readonly Float32Array[]) => {
      // Those that were given up while the logits were read have no cache any more.
      for (const [i, text] of texts.entries())
        if (!text.ended && text.promptLeft === 0) this.sample(text, logits[i]!, texts.length);
    };
    try {
      const logits = this.withRoom(() => this.compute(fed, rounded));
      for (const text of texts) if (text.cached!.length === text.keepAt) this.prefixes.keep(text, text.cached!);
      if (logits instanceof Promise) return logits.then(sample).catch(fail);
      sample(logits);
    } catch (error) {
      fail(error);
    }
    return undefined;
  }

  /** Samples a text's next token; later, if there is more work on its format than one of `count` texts may take in a pass. */
  private sample(text: BatchText, logits: Float32Array, count: number): void {
    try {
      const isReady = text.sequence.prepare(Math.max(1, Math.floor(SHARED_PIECES / count)));
      if (!isReady) text.logits ??= logits.slice();
      if (!isReady) return;
      text.logits = null;
      text.unread.push(text.sequence.take(logits));
      if (text.sequence.done) this.end(text);
    } catch (error) {
      this.end(text, error);
    }
  }

  /** Gives places to waiting texts. */
  private admit(): void {
    while (!this.full && this.running.length < this.limits.maxTexts) {
      const text = this.waiting.find(({ reading }) => reading === null);
      if (text === undefined) return;
      try {
        this.withRoom(() => this.adapters.place(text.adapter));
      } catch (error) {
        if (error instanceof MemoryError && this.running.length > 0) this.full = true;
        else this.end(text, error);
        continue;
      }
      this.waiting = this.waiting.filter((one) => one !== text);
      this.running.push(text);
    }
  }

  /** The texts of a pass with their tokens, neighbours with the same adapter. */
  private fed(): Fed[] {
    let room = this.running.some(({ promptLeft }) => promptLeft === 0) ? SHARED_PROMPT_TOKENS : PROMPT_TOKENS;
    const fed: Fed[] = [];
    for (const text of this.running) {
      if (text.logits !== null) continue;
      const reads = text.promptLeft > 0;
      // Where memory is full, the beginning of one text may take another's place.
      if (reads && (room <= 0 || !this.running.includes(text) || !this.begin(text))) continue;
      const ids = text.next(room);
      if (reads) room -= ids.length;
      fed.push({ text, adapter: text.adapter, ids });
    }
    return this.adapters.sorted(fed);
  }

  /** Whether a text has its place in memory; false if it is better to wait, or it was ended. */
  private begin(text: BatchText): boolean {
    try {
      text.cached ??= this.withRoom(() => this.beginning(text));
    } catch (error) {
      this.fail([text], error);
    }
    return text.cached !== null;
  }

  /** The tokens that a text shares with one that was read, copied; null while another one reads more of them. */
  private beginning(text: BatchText): CachedTokens | null {
    const most = text.prompt.length - 1;
    const others = this.running.slice(0, this.running.indexOf(text)).filter((other) => text.alike(other));
    const kept = this.prefixes.find(text);
    text.reused = kept.length;
    // Where texts part that began alike, a third one may too: then it has the states.
    text.keepAt = kept.whole - kept.length >= WORTH_WAITING ? kept.whole : 0;
    let [best, later]: [CachedTokens | null, number] = [null, 0];
    for (const { cached } of others) {
      const length = cached?.reusable(text.prompt) ?? 0;
      if (length > text.reused) [best, text.reused] = [cached, length];
    }
    // A state of more tokens than the common ones is of no use.
    for (const { prompt } of keepsState(this.model.model.config) ? [] : others)
      later = Math.max(later, Math.min(commonLength(prompt, text.prompt), most));
    if (later - text.reused >= WORTH_WAITING) return null;
    return best === null ? this.prefixes.copy(kept, most + ANSWER_TOKENS) : best.fork(text.reused);
  }

  private compute(fed: readonly Fed[], rounded: boolean): DecodedLogits {
    const { graph, model } = this.model;
    const selection = (texts: readonly number[], offsets: Int32Array) =>
      this.adapters.selection(
        texts.map((i) => fed[i]!.adapter),
        offsets,
      );
    const rows = fed.map(({ text, ids }, i) => ({ text: i, held: text.cached!, ids }));
    return graph.withRounding(rounded, () => decodeStep({ graph, model }, { selection }, rows));
  }

  /** Ends texts after an error of their pass. If memory is full, only the last one leaves; without a token yet, it waits for a place again. */
  private fail(texts: readonly BatchText[], error: unknown): void {
    if (!(error instanceof MemoryError) || this.running.length === 1) {
      for (const text of texts) this.end(text, error);
      return;
    }
    const last = this.running.findLast(({ promptLeft }) => promptLeft > 0) ?? this.running.at(-1)!;
    if (last.promptLeft === 0) return this.end(last, error);
    this.leave(last);
    this.waiting.unshift(last);
    this.full = true;
  }

  private end(text: BatchText, error?: unknown): void {
    if (text.ended) return;
    text.ended = true;
    text.logits = null;
    text.stopReading();
    if (error !== undefined) text.failure = { error };
    if (error !== undefined) text.unread.length = 0;
    const { cached } = text;
    if (error === undefined && cached !== null && this.limits.prefixBytes > 0) {
      this.prefixes.keep(text, cached);
    }
    if (this.running.includes(text)) this.leave(text);
    this.waiting = this.waiting.filter((one) => one !== text);
    text.free();
  }

  /** Takes a text's place and memory. */
  private leave(text: BatchText): void {
    this.running = this.running.filter((one) => one !== text);
    this.full = false;
    if (!this.model.graph.gone) text.cached?.dispose();
    text.cached = null;
    this.adapters.unplace(text.adapter);
  }
}
