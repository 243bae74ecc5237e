import { MemoryError } from "../../../errors/errors.js";
import { commonLength } from "../../../values/common-length.js";
import { keepsState } from "../../decoder/config.js";
import type { KeyValueCache } from "../../decoder/key-value-cache.js";
import type { CalledLanguageModel } from "../called-language-model.js";
import { CachedTokens } from "../cached-tokens.js";
import type { BatchText } from "./batch-text.js";
import { type Beginning, beginningIn, type Block, BLOCK_TOKENS, type BlockTree } from "./block-tree.js";
import type { SharedAdapters } from "./shared-adapters.js";

/**
 * Keys and values of ended texts, for texts that begin alike with the same adapter: up to a size in bytes, least recently used first. What
 * several texts begin with is in memory once. Blocks are copied from a text's cache when it has ended, and into another's when it begins.
 *
 * Layers that keep a state have the one after a text's last token: others share it only if they begin with all of that text.
 */
export class PrefixCache {
  private readonly trees = new Set<BlockTree>();
  /** In order of last use. Who uses a block uses its parents too, which come later here: the first one has no children. */
  private readonly used = new Set<Block>();
  private total = 0;
  private readonly hasStates: boolean;

  constructor(
    private readonly model: CalledLanguageModel,
    private readonly most: number,
    private readonly adapters: SharedAdapters,
  ) {
    this.hasStates = keepsState(model.model.config);
  }

  /** Their size. */
  get bytes(): number {
    return this.total;
  }

  /** The longest beginning of a text, without its last token, whose logits are needed. */
  find(text: BatchText): Beginning {
    const tree = this.treeOf(text);
    return tree === undefined ? { blocks: [], length: 0 } : beginningIn(tree, text.prompt.subarray(0, -1));
  }

  /** A copy of a beginning, with room for `room` tokens unless it is empty. Throws `MemoryError`, and then nothing is allocated. */
  copy({ blocks, length }: Beginning, room: number): CachedTokens {
    const { graph, model, cacheFormat } = this.model;
    this.use(blocks);
    const cached = CachedTokens.none(graph, model.config, cacheFormat);
    if (length > 0) graph.attempt.run(() => cached.cache.reserve(Math.min(room, model.config.maxPositions)));
    for (const { ids, part } of blocks) cached.append(ids.subarray(0, length - cached.length), part);
    return cached;
  }

  /** Keeps an ended text's tokens, as many as memory has room for. */
  keep(text: BatchText, { tokens, cache }: CachedTokens): void {
    const ends = tokens.length % BLOCK_TOKENS;
    const whole = (tokens.length - ends) / BLOCK_TOKENS;
    // A larger text would only take the place of the others.
    if (whole * cache.partBytes(BLOCK_TOKENS, false) + cache.partBytes(ends, true) > this.most) return;
    const tree = this.treeOf(text) ?? this.newTree(text);
    const path: Block[] = [];
    const siblings = () => (path.at(-1) ?? tree).children;
    const idsOf = (start: number) => tokens.slice(start, start + BLOCK_TOKENS);
    let start = 0;
    for (; start < tokens.length; start += BLOCK_TOKENS) {
      const known = this.known(siblings(), idsOf(start), start + BLOCK_TOKENS >= tokens.length);
      if (known === undefined) break;
      path.push(known);
    }
    this.use(path);
    for (; start < tokens.length; start += BLOCK_TOKENS) {
      const made = this.made({ tree, siblings: siblings(), ids: idsOf(start) }, cache, start, path);
      if (made === null) break;
      path.push(made);
    }
    this.use(path);
    this.forgetRemoved();
  }

  /** Frees the block that was unused for the longest time. Returns whether there was any. */
  evict(): boolean {
    const [oldest] = this.used;
    if (oldest !== undefined) this.remove(oldest);
    this.forgetEmpty();
    return oldest !== undefined;
  }

  /** Frees tokens of adapters that were removed: no text can begin with them any more. */
  forgetRemoved(): void {
    const { adapterSet } = this.model;
    const isDead = ({ adapter: { adapter } }: BlockTree) => adapter !== null && !adapterSet.has(adapter);
    for (const block of [...this.used]) if (isDead(block.tree)) this.remove(block);
    this.forgetEmpty();
  }

  /** Frees everything. */
  clear(): void {
    while (this.evict());
  }

  private treeOf(text: BatchText): BlockTree | undefined {
    return [...this.trees].find((tree) => text.alike(tree));
  }

  private newTree({ adapter, weights, rounded }: BatchText): BlockTree {
    const tree = { adapter, weights, rounded, children: new Set<Block>() };
    this.adapters.share(adapter);
    this.trees.add(tree);
    return tree;
  }

  /** The block that has these tokens already, and the state after them if they are a text's last ones. */
  private known(siblings: ReadonlySet<Block>, ids: Int32Array, isEnd: boolean): Block | undefined {
    return [...siblings].find((block) => {
      if (commonLength(block.ids, ids) < ids.length) return false;
      if (!this.hasStates) return true;
      return block.ids.length === ids.length && (!isEnd || block.part.reusable(ids.length) > 0);
    });
  }

  /** Copies a block out of a text's cache; null if memory has no room for it beside its parents. */
  private made(
    { tree, siblings, ids }: Pick<Block, "tree" | "siblings" | "ids">,
    cache: KeyValueCache,
    start: number,
    parents: readonly Block[],
  ): Block | null {
    const end = start + ids.length;
    const bytes = cache.partBytes(ids.length, end === cache.length);
    while (this.total + bytes > this.most) {
      const [oldest] = this.used;
      if (oldest === undefined || parents.includes(oldest)) return null;
      this.remove(oldest);
    }
    const part = partOf(cache, start, end);
    if (part === null) return null;
    // One of fewer tokens is in it, and has no children; of those with states only one that lacks it.
    const former = [...siblings].filter((block) => {
      const { length } = block.ids;
      return commonLength(block.ids, ids) === length && (!this.hasStates || length === ids.length);
    });
    const children = former.find((block) => block.children.size > 0)?.children ?? new Set<Block>();
    for (const block of former) this.remove(block);
    const made = { tree, siblings, children, ids, part };
    siblings.add(made);
    this.used.add(made);
    this.total += part.bytes;
    return made;
  }

  /** Marks blocks, parents before children, as used now. */
  private use(blocks: readonly Block[]): void {
    for (const block of blocks.toReversed()) {
      this.used.delete(block);
      this.used.add(block);
    }
  }

  private remove(block: Block): void {
    this.used.delete(block);
    block.siblings.delete(block);
    this.total -= block.part.bytes;
    if (!this.model.graph.gone) block.part.dispose();
  }

  private forgetEmpty(): void {
    for (const tree of this.trees) {
      if (tree.children.size > 0) continue;
      this.trees.delete(tree);
      this.adapters.release(tree.adapter);
    }
  }
}

/** A part of a cache; null if memory is full. */
function partOf(cache: KeyValueCache, start: number, end: number): KeyValueCache | null {
  try {
    return cache.part(start, end);
  } catch (error) {
    if (error instanceof MemoryError) return null;
    throw error;
  }
}
