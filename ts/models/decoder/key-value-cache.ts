import { ConfigError } from "../../errors/errors.js";
import type { Graph } from "../../graph/graph.js";
import type { Pointer } from "../../ops/op.js";
import type { CacheFormat } from "../../ops/attention/cached-attention.js";
import type { DecoderConfig } from "./config.js";

/** Bytes of the word that memory is counted in, and of a number in each format. */
const WORD = 4;
const numberBytes = { f32: 4, f16: 2 } as const;
/** Tokens that a cache has room for at least, once it holds any. */
const LEAST = 64;

/** Keys and values of a sequence's tokens so far, layer by layer, in the graph's memory. */
export class KeyValueCache {
  private memory: Pointer = 0;
  private capacity = 0;
  private tokens = 0;
  private disposed = false;
  /** Elements of a token's keys in one layer. */
  private readonly row: number;

  constructor(
    private readonly graph: Graph,
    private readonly config: Pick<DecoderConfig, "layers" | "kvHeads" | "headDim" | "maxPositions">,
    readonly format: CacheFormat = "f32",
  ) {
    this.row = config.kvHeads * config.headDim;
  }

  /** Tokens that it holds. */
  get length(): number {
    return this.tokens;
  }

  /** Bytes that it takes. */
  get bytes(): number {
    return WORD * this.words(this.capacity);
  }

  /** Makes room for `count` tokens more; call it outside a step. Throws `ConfigError` beyond the model's positions. */
  reserve(count: number): void {
    const { maxPositions } = this.config;
    const needed = this.tokens + count;
    if (this.disposed) throw new ConfigError("KeyValueCache: it was disposed", { reason: "disposed" });
    if (needed > maxPositions)
      throw new ConfigError(`KeyValueCache: ${needed} tokens; the model has ${maxPositions} positions`, {
        option: "count",
        value: needed,
        length: maxPositions,
      });
    if (needed <= this.capacity) return;
    const capacity = Math.min(maxPositions, Math.max(LEAST, needed, Math.ceil(1.5 * this.capacity)));
    // An even number, so that blocks of two-byte numbers are whole words.
    this.move(capacity + (capacity % 2));
  }

  /** Place and format of a layer's keys and values. */
  layer(i: number): { readonly keys: Pointer; readonly values: Pointer; readonly format: CacheFormat } {
    const block = numberBytes[this.format] * this.capacity * this.row;
    const keys = this.memory + 2 * i * block;
    return { keys, values: keys + block, format: this.format };
  }

  /** Marks `count` tokens as present, after a pass has written them. */
  extend(count: number): void {
    this.tokens += count;
  }

  /** Forgets all but the first `length` tokens. */
  cut(length: number): void {
    if (Number.isSafeInteger(length) && length >= 0 && length <= this.tokens) this.tokens = length;
    else
      throw new ConfigError(`KeyValueCache: it holds ${this.tokens} tokens and cannot be cut to ${length}`, {
        option: "length",
        value: length,
      });
  }

  /** Another cache that holds the first `length` tokens. */
  fork(length = this.tokens): KeyValueCache {
    const made = new KeyValueCache(this.graph, this.config, this.format);
    made.reserve(length);
    this.copyTo(made, length);
    made.tokens = length;
    return made;
  }

  /** Gives its memory back; safe to call twice. */
  dispose(): void {
    this.disposed = true;
    if (this.memory !== 0) this.graph.releaseOwned(this.memory);
    [this.memory, this.capacity, this.tokens] = [0, 0, 0];
  }

  private words(capacity: number): number {
    return (2 * this.config.layers * capacity * this.row * numberBytes[this.format]) / WORD;
  }

  private move(capacity: number): void {
    const { graph } = this;
    const moved = new KeyValueCache(graph, this.config, this.format);
    moved.capacity = capacity;
    moved.memory = graph.attempt.run(() => graph.allocateOwned(this.words(capacity)));
    this.copyTo(moved, this.tokens);
    if (this.memory !== 0) graph.releaseOwned(this.memory);
    [this.memory, this.capacity] = [moved.memory, capacity];
  }

  private copyTo(other: KeyValueCache, length: number): void {
    const { kernels } = this.graph.engine;
    // With an odd count of two-byte numbers, the last half word belongs to a token that is not in the cache.
    const words = Math.ceil((length * this.row * numberBytes[this.format]) / WORD);
    for (let i = 0; i < this.config.layers && length > 0; i++) {
      const [from, to] = [this.layer(i), other.layer(i)];
      kernels.copy(words, from.keys, to.keys);
      kernels.copy(words, from.values, to.values);
    }
  }
}
