import type { ModelAdapter } from "../../../adapters/model-adapter.js";
import type { Graph } from "../../../graph/graph.js";
import type { CachedTokens } from "../cached-tokens.js";
import type { BatchText } from "./batch-text.js";
import type { SharedAdapters } from "./shared-adapters.js";

/** Tokens of an ended text. */
type Kept = Pick<BatchText, "adapter" | "weights" | "rounded"> & { readonly cached: CachedTokens };

/** Keys and values of ended texts, for texts that begin alike with the same adapter: up to a size in bytes, least recently used first. */
export class PrefixCache {
  /** In order of last use. */
  private kept: Kept[] = [];

  constructor(
    private readonly graph: Graph,
    private readonly most: number,
    private readonly adapters: SharedAdapters,
    /** Whether an adapter was not removed from its model. */
    private readonly isKnown: (adapter: ModelAdapter) => boolean,
  ) {}

  /** Their size. */
  get bytes(): number {
    return this.kept.reduce((sum, { cached }) => sum + cached.cache.bytes, 0);
  }

  /** The tokens with the longest beginning of a text; null if none begins like it. */
  find(text: BatchText): CachedTokens | null {
    let [best, length]: [Kept | null, number] = [null, 0];
    for (const one of this.kept) {
      const reusable = text.alike(one) ? one.cached.reusable(text.prompt) : 0;
      if (reusable > length) [best, length] = [one, reusable];
    }
    if (best === null) return null;
    this.kept = [...this.kept.filter((one) => one !== best), best];
    return best.cached;
  }

  /** Keeps an ended text's tokens, which are the cache's from now on. */
  keep(text: BatchText, cached: CachedTokens): void {
    // It would only take the place of the others.
    if (cached.cache.bytes > this.most) return cached.dispose();
    // What the new tokens begin with is in them, unless layers keep the state after the last token alone.
    const isIn = ({ length }: CachedTokens) => cached.cache.reusable(length) === length;
    const covered = (one: Kept) => text.alike(one) && one.cached.begins(cached) && isIn(one.cached);
    for (const one of this.kept.filter(covered)) this.drop(one);
    const { adapter, weights, rounded } = text;
    this.adapters.share(adapter);
    this.kept.push({ adapter, weights, rounded, cached });
    this.forgetRemoved();
    while (this.bytes > this.most) this.evict();
  }

  /** Frees the tokens that were unused for the longest time. Returns whether there were any. */
  evict(): boolean {
    const [oldest] = this.kept;
    if (oldest !== undefined) this.drop(oldest);
    return oldest !== undefined;
  }

  /** Frees tokens of adapters that were removed: no text can begin with them any more. */
  forgetRemoved(): void {
    const isDead = ({ adapter: { adapter } }: Kept) => adapter !== null && !this.isKnown(adapter);
    for (const one of this.kept.filter(isDead)) this.drop(one);
  }

  /** Frees everything. */
  clear(): void {
    while (this.evict());
  }

  private drop(one: Kept): void {
    this.kept = this.kept.filter((other) => other !== one);
    if (!this.graph.gone) one.cached.dispose();
    this.adapters.release(one.adapter);
  }
}
