import { ConfigError } from "../../errors/errors.js";
import type { Graph } from "../../graph/graph.js";
import type { Pointer } from "../../ops/op.js";
import type { DecoderConfig } from "./config.js";

const FLOAT = 4;
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
  ) {
    this.row = config.kvHeads * config.headDim;
  }

  /** Tokens that it holds. */
  get length(): number {
    return this.tokens;
  }

  /** Bytes that it takes. */
  get bytes(): number {
    return FLOAT * this.elements(this.capacity);
  }

  /** Makes room for `count` tokens more; call it outside a step. Throws `ConfigError` beyond the model's positions. */
  reserve(count: number): void {
    const { maxPositions } = this.config;
    const needed = this.tokens + count;
    if (this.disposed) throw new ConfigError("KeyValueCache: it was disposed of", { reason: "disposed" });
    if (needed > maxPositions)
      throw new ConfigError(`KeyValueCache: ${needed} tokens; the model has ${maxPositions} positions`, {
        option: "count",
        value: needed,
        length: maxPositions,
      });
    if (needed <= this.capacity) return;
    this.move(Math.min(maxPositions, Math.max(LEAST, needed, Math.ceil(1.5 * this.capacity))));
  }

  /** Where a layer's keys and values lie. */
  layer(i: number): { readonly keys: Pointer; readonly values: Pointer } {
    const block = FLOAT * this.capacity * this.row;
    const keys = this.memory + 2 * i * block;
    return { keys, values: keys + block };
  }

  /** Takes `count` tokens as held, which a pass has put there. */
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
    const made = new KeyValueCache(this.graph, this.config);
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

  private elements(capacity: number): number {
    return 2 * this.config.layers * capacity * this.row;
  }

  private move(capacity: number): void {
    const { graph } = this;
    const moved = new KeyValueCache(graph, this.config);
    moved.capacity = capacity;
    moved.memory = graph.attempt.run(() => graph.allocateOwned(this.elements(capacity)));
    this.copyTo(moved, this.tokens);
    if (this.memory !== 0) graph.releaseOwned(this.memory);
    [this.memory, this.capacity] = [moved.memory, capacity];
  }

  private copyTo(other: KeyValueCache, length: number): void {
    const { kernels } = this.graph.engine;
    for (let i = 0; i < this.config.layers && length > 0; i++) {
      const [from, to] = [this.layer(i), other.layer(i)];
      kernels.copy(length * this.row, from.keys, to.keys);
      kernels.copy(length * this.row, from.values, to.values);
    }
  }
}
