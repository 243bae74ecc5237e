import type { Graph } from "../../graph/graph.js";
import type { CacheFormat } from "../../ops/attention/cached-attention.js";
import type { DecoderConfig } from "../decoder/config.js";
import { KeyValueCache } from "../decoder/key-value-cache.js";
import { commonLength } from "../../values/number-list.js";

/** The tokens of a text so far, with keys and values (or what layers keep instead) in memory. */
export class CachedTokens {
  private constructor(
    readonly cache: KeyValueCache,
    private ids: Int32Array,
  ) {}

  static none(graph: Graph, config: DecoderConfig, format: CacheFormat): CachedTokens {
    return new CachedTokens(new KeyValueCache(graph, config, format), new Int32Array(0));
  }

  /** Number of tokens. */
  get length(): number {
    return this.cache.length;
  }

  /** Ids of the cached tokens. */
  get tokens(): Int32Array {
    return this.ids.subarray(0, this.length);
  }

  /** Adds tokens whose keys and values a pass has written. */
  extend(ids: Int32Array): void {
    this.addIds(ids);
    this.cache.extend(ids.length);
  }

  /** Adds tokens with their keys and values, the first of a part of another cache. */
  append(ids: Int32Array, part: KeyValueCache): void {
    this.addIds(ids);
    this.cache.append(part, ids.length);
  }

  private addIds(ids: Int32Array): void {
    const { length } = this;
    if (this.ids.length < length + ids.length) {
      const grown = new Int32Array(Math.max(64, 2 * (length + ids.length)));
      grown.set(this.ids.subarray(0, length));
      this.ids = grown;
    }
    this.ids.set(ids, length);
  }

  /** Length of the common beginning of a text and these tokens. */
  common(text: Int32Array): number {
    return commonLength(this.tokens, text);
  }

  /** Forgets all but the first `length` tokens, and those too where layers keep the state after the last one alone. */
  cut(length: number): void {
    this.cache.cut(this.cache.reusable(length));
  }

  /** How many of a text's first tokens need not be computed again; its last one must, for its logits. */
  reusable(text: Int32Array): number {
    return this.cache.reusable(Math.min(this.common(text), text.length - 1));
  }

  /** A copy of the first `length` tokens. */
  fork(length = this.length): CachedTokens {
    return new CachedTokens(this.cache.fork(length), this.ids.slice(0, length));
  }

  dispose(): void {
    this.cache.dispose();
  }
}
