import { ConfigError, StaleNodeError } from "../../errors/errors.js";
import type { Graph } from "../../graph/graph.js";
import type { CacheFormat } from "../../ops/attention/cached-attention.js";
import type { Pointer } from "../../ops/op.js";
import type { SequenceState } from "../../ops/recurrence/sequence-state.js";
import { type DecoderConfig, stateSizes } from "./config.js";

/** Bytes of the word that memory is counted in, and of a number in each format. */
const WORD = 4;
const numberBytes = { f32: 4, f16: 2 } as const;
/** Tokens that a cache has room for at least, once it holds any. */
const LEAST = 64;

/** What a cache depends on. */
type CachedConfig = Pick<DecoderConfig, "layers" | "kvHeads" | "headDim" | "maxPositions" | "attention" | "hiddenSize">;

/**
 * Keys and values of a sequence's tokens so far, layer by layer, in the graph's memory; nothing of layers that use those of others; of layers
 * with a convolution its last inputs, and the matrices of their delta rules. These are those of the last token alone: a cache that has some
 * cannot be cut back.
 */
export class KeyValueCache {
  private memory: Pointer = 0;
  private capacity = 0;
  private tokens = 0;
  private disposed = false;
  /** Place of each layer that has keys and values: the elements of a token's keys, and of those of the layers before it. */
  private readonly places = new Map<number, { readonly row: number; readonly before: number }>();
  /** Elements of a token's keys and values in all layers. */
  private readonly token: number;
  private readonly states: LayerStates;

  constructor(
    private readonly graph: Graph,
    private readonly config: CachedConfig,
    readonly format: CacheFormat = "f32",
    /** Whether no pass continues it. */
    private readonly isPart = false,
  ) {
    let before = 0;
    for (let i = 0; i < config.layers; i++) {
      const { convolution, keysOf, sizes: { kvHeads, headDim } = config } = config.attention(i);
      if (convolution !== undefined || keysOf !== undefined) continue;
      this.places.set(i, { row: kvHeads * headDim, before });
      before += 2 * kvHeads * headDim;
    }
    this.token = before;
    this.states = new LayerStates(graph, config, isPart ? 1 : 2);
  }

  /** Tokens that it holds. */
  get length(): number {
    return this.tokens;
  }

  /** Bytes that it takes. */
  get bytes(): number {
    return WORD * this.words(this.capacity) + this.states.bytes;
  }

  /** Makes room for `count` tokens more; call it outside a step. Throws `ConfigError` beyond the model's positions. */
  reserve(count: number): void {
    const { maxPositions } = this.config;
    const needed = this.tokens + count;
    this.checkUsable();
    if (needed > maxPositions)
      throw new ConfigError(`KeyValueCache: ${needed} tokens; the model has ${maxPositions} positions`, {
        option: "count",
        value: needed,
        length: maxPositions,
      });
    this.states.reserve();
    if (needed <= this.capacity) return;
    const capacity = Math.min(maxPositions, Math.max(LEAST, needed, Math.ceil(1.5 * this.capacity)));
    this.move(capacity);
  }

  /** Place and format of a layer's keys and values. */
  layer(i: number): { readonly keys: Pointer; readonly values: Pointer; readonly format: CacheFormat } {
    const { row, before } = this.places.get(i)!;
    const column = numberBytes[this.format] * this.capacity;
    const keys = this.memory + before * column;
    return { keys, values: keys + row * column, format: this.format };
  }

  /** Last inputs of a layer's convolution, before and behind a pass. */
  convolution(i: number): SequenceState {
    return this.states.inputs(i, this.tokens === 0);
  }

  /** Matrices of a layer's delta rule, before and behind a pass. */
  recurrence(i: number): SequenceState {
    return this.states.matrices(i, this.tokens === 0);
  }

  /** Marks `count` tokens as present, after a pass has written them. */
  extend(count: number): void {
    this.tokens += count;
    this.states.extend();
  }

  /** How many of the first `length` tokens, of those that it holds, it can be cut to: with convolutions all or none. */
  reusable(length: number): number {
    return !this.states.any || (length === this.tokens && this.states.bytes > 0) ? length : 0;
  }

  /**
   * Forgets all but the first `length` tokens. Throws `ConfigError` unless there are so many, and they are reusable, `StaleNodeError` once
   * disposed.
   */
  cut(length: number): void {
    this.checkLength(length);
    this.tokens = length;
  }

  /** Another cache that holds the first `length` tokens. Throws as `cut`. */
  fork(length = this.tokens): KeyValueCache {
    this.checkLength(length);
    const made = new KeyValueCache(this.graph, this.config, this.format);
    // All or nothing: memory may end after the states.
    this.graph.attempt.run(() => made.reserve(length));
    this.copyTo(made, length);
    if (length > 0) this.states.copyTo(made.states);
    made.tokens = length;
    return made;
  }

  /**
   * The tokens from `start`, an even number, to `end` in memory of their own, to be added to other caches. With convolutions it has the last
   * inputs if its last token is this cache's last.
   */
  part(start: number, end: number): KeyValueCache {
    const made = new KeyValueCache(this.graph, this.config, this.format, true);
    this.graph.attempt.run(() => {
      made.allocate(end - start);
      if (end === this.tokens) made.states.reserve();
    });
    this.copyTo(made, end - start, start);
    if (made.states.bytes > 0) this.states.copyTo(made.states);
    made.tokens = end - start;
    return made;
  }

  /** Bytes of such a part of `count` tokens. @param isEnd whether it has this cache's last token */
  partBytes(count: number, isEnd: boolean): number {
    return WORD * this.words(even(count)) + (isEnd ? this.states.size / 2 : 0);
  }

  /** Whether it has the states after its last token; null if its layers keep none. */
  get hasState(): boolean | null {
    return this.states.any ? this.states.bytes > 0 : null;
  }

  /** The bytes of a part: its keys and values, then the states if it has them. Null once it, its graph or engine is gone. */
  contents(): Uint8Array | null {
    const { engine, gone } = this.graph;
    if (this.disposed || gone || engine.closed) return null;
    const words = this.words(this.capacity);
    const bytes = new Uint8Array(this.bytes);
    engine.readBytes(this.memory, WORD * words, bytes);
    this.states.read(bytes.subarray(WORD * words));
    return bytes;
  }

  /** A part of `count` tokens from its bytes; null unless there are as many as it takes. */
  static partOf(
    graph: Graph,
    config: CachedConfig,
    format: CacheFormat,
    count: number,
    contents: Uint8Array,
  ): KeyValueCache | null {
    const made = new KeyValueCache(graph, config, format, true);
    const bytes = made.partBytes(count, false);
    const hasStates = made.states.any && contents.length === bytes + made.states.size;
    if (!hasStates && contents.length !== bytes) return null;
    graph.attempt.run(() => {
      made.allocate(count);
      if (hasStates) made.states.reserve();
    });
    graph.engine.write(made.memory, contents.subarray(0, bytes), bytes);
    made.states.write(contents.subarray(bytes));
    made.tokens = count;
    return made;
  }

  /** Adds the first `count` tokens of a part, behind an even number of others; there must be room. */
  append(part: KeyValueCache, count: number): void {
    part.copyTo(this, count, 0, this.tokens);
    if (part.states.bytes > 0) part.states.copyTo(this.states);
    this.tokens += count;
  }

  /** Gives its memory back; safe to call twice. */
  dispose(): void {
    this.disposed = true;
    if (this.memory !== 0) this.graph.releaseOwned(this.memory);
    [this.memory, this.capacity, this.tokens] = [0, 0, 0];
    this.states.dispose();
  }

  private checkUsable(): void {
    if (this.disposed) throw new StaleNodeError("KeyValueCache: it was disposed", { reason: "disposed" });
  }

  private checkLength(length: number): void {
    this.checkUsable();
    if (Number.isSafeInteger(length) && length >= 0 && length <= this.tokens && this.reusable(length) === length)
      return;
    const why = length <= this.tokens && this.states.any ? ", for its convolutions keep the last inputs alone" : "";
    throw new ConfigError(`KeyValueCache: it holds ${this.tokens} tokens and cannot be cut to ${length}${why}`, {
      option: "length",
      value: length,
    });
  }

  private words(capacity: number): number {
    return (this.token * capacity * numberBytes[this.format]) / WORD;
  }

  private move(capacity: number): void {
    const { graph } = this;
    const moved = new KeyValueCache(graph, this.config, this.format);
    moved.allocate(capacity);
    this.copyTo(moved, this.tokens);
    if (this.memory !== 0) graph.releaseOwned(this.memory);
    [this.memory, this.capacity] = [moved.memory, moved.capacity];
  }

  private allocate(tokens: number): void {
    const { graph } = this;
    const capacity = even(tokens);
    this.memory = graph.attempt.run(() => graph.allocateOwned(this.words(capacity)));
    this.capacity = capacity;
  }

  /** Copies `count` tokens from place `from` on to another cache's place `to` on, both even. */
  private copyTo(other: KeyValueCache, count: number, from = 0, to = 0): void {
    const { kernels } = this.graph.engine;
    for (const [i, { row }] of count > 0 ? this.places : []) {
      const token = row * numberBytes[this.format];
      // With an odd count of two-byte numbers, the last half word belongs to a token that is not in the cache.
      const words = Math.ceil((count * token) / WORD);
      const [source, target] = [this.layer(i), other.layer(i)];
      kernels.copy(words, source.keys + from * token, target.keys + to * token);
      kernels.copy(words, source.values + from * token, target.values + to * token);
    }
  }
}

/** Blocks of an even number of two-byte numbers are whole words. */
const even = (count: number) => count + (count % 2);

/**
 * The last inputs of a sequence's short convolutions, and the matrices of its delta rules. They are in memory twice: those before the pass
 * under way, and those behind it, which take their place when the pass has ended. A pass that fails, or that is not to be kept, thus
 * changes nothing. States that are only kept, for no pass, are in memory once.
 */
class LayerStates {
  private memory: Pointer = 0;
  private current: 0 | 1 = 0;
  /** Where the inputs and the matrices of each layer begin, and after the last all of them end. */
  private readonly starts: readonly number[];

  constructor(
    private readonly graph: Graph,
    { layers, attention, hiddenSize }: Pick<DecoderConfig, "layers" | "attention" | "hiddenSize">,
    private readonly copies: 1 | 2 = 2,
  ) {
    const starts = [0];
    for (let i = 0; i < layers; i++)
      for (const size of stateSizes(attention(i), hiddenSize)) starts.push(starts.at(-1)! + size);
    this.starts = starts;
  }

  /** Whether there are any: a sequence then cannot be cut back to fewer tokens. */
  get any(): boolean {
    return this.words > 0;
  }

  get bytes(): number {
    return this.memory === 0 ? 0 : this.size;
  }

  /** Bytes of the states, if there is memory for them. */
  get size(): number {
    return this.copies * WORD * this.words;
  }

  /** Allocates them; call it outside a step. */
  reserve(): void {
    const { graph } = this;
    if (this.any && this.memory === 0)
      this.memory = graph.attempt.run(() => graph.allocateOwned(this.copies * this.words));
  }

  /** A layer's inputs. @param isFirst whether the sequence begins, with zeros */
  inputs(layer: number, isFirst: boolean): SequenceState {
    return this.at(2 * layer, isFirst);
  }

  /** A layer's matrices. */
  matrices(layer: number, isFirst: boolean): SequenceState {
    return this.at(2 * layer + 1, isFirst);
  }

  private at(place: number, isFirst: boolean): SequenceState {
    const at = (half: 0 | 1) => this.memory + WORD * (half * this.words + this.starts[place]!);
    return { before: isFirst ? null : at(this.current), after: at(this.other) };
  }

  /** Keeps those that a pass has written. */
  extend(): void {
    this.current = this.other;
  }

  copyTo(made: LayerStates): void {
    if (this.any) this.graph.engine.kernels.copy(this.words, this.start, made.start);
  }

  /** Copies the current ones, if there are any, to bytes. */
  read(target: Uint8Array): void {
    if (this.bytes > 0) this.graph.engine.readBytes(this.start, WORD * this.words, target);
  }

  /** Reads the states from bytes. */
  write(bytes: Uint8Array): void {
    if (this.bytes > 0) this.graph.engine.write(this.start, bytes, WORD * this.words);
  }

  dispose(): void {
    if (this.memory !== 0) this.graph.releaseOwned(this.memory);
    this.memory = 0;
  }

  private get start(): Pointer {
    return this.memory + WORD * this.current * this.words;
  }

  /** Numbers of all layers. */
  private get words(): number {
    return this.starts.at(-1)!;
  }

  private get other(): 0 | 1 {
    return this.current === 0 ? 1 : 0;
  }
}
