import { MemoryError } from "../../../errors/errors.js";
import { commonLength } from "../../../values/number-list.js";
import { keepsState } from "../../decoder/config.js";
import { KeyValueCache } from "../../decoder/key-value-cache.js";
import type { CalledLanguageModel } from "../load-language-model.js";
import { refuseOnGpu } from "../../load-model.js";
import { CachedTokens } from "../decode-step.js";
import type { BatchText, SharedAdapters } from "./batch-text.js";
import {
  type Beginning,
  beginningIn,
  type Block,
  BLOCK_TOKENS,
  type BlockStorage,
  type BlockTree,
  type ReadBlock,
  TreePrints,
} from "./block-tree.js";

/** A block to be added. */
interface NewBlock extends Pick<Block, "ids"> {
  /** Whether it has a text's last tokens, and the state after them. */
  readonly isEnd: boolean;
  readonly bytes: number;
  /** Keys and values; null if they are missing. */
  readonly part: () => KeyValueCache | null;
}

/**
 * Keys and values of ended texts, for texts that begin alike with the same adapter: up to a size in bytes, least recently used first. What
 * several texts begin with is in memory once. Blocks are copied from a text's cache when it has ended, and into another's when it begins.
 *
 * Layers' states are kept after a text's last token, and after the last whole block that a second text has in common with one: others share
 * those tokens only if they begin with all of them.
 */
export class PrefixCache {
  private readonly trees = new Set<BlockTree>();
  /** Blocks in order of last use. Who uses a block uses its parents too, which come later here: the first one has no children. */
  private readonly used = new Set<Block>();
  private total = 0;
  /** Reads of the storage, one after another: what several texts begin with is read once. */
  private reads: Promise<void> = Promise.resolve();
  private readonly hasStates: boolean;
  private readonly prints: TreePrints;

  constructor(
    private readonly model: CalledLanguageModel,
    private readonly most: number,
    private readonly adapters: SharedAdapters,
    private storage?: BlockStorage,
  ) {
    if (storage !== undefined) refuseOnGpu("languageServer", model.graph, "a prefixCacheStore does");
    this.prints = new TreePrints(model);
    this.hasStates = keepsState(model.model.config);
  }

  /** Size in bytes of all blocks. */
  get bytes(): number {
    return this.total;
  }

  /** The longest beginning of a text, without its last token, whose logits are needed. */
  find(text: BatchText): Beginning {
    const tree = this.treeOf(text);
    return beginningIn(tree?.children ?? new Set<Block>(), text.prompt.subarray(0, -1));
  }

  /** A copy of a beginning, with room for `room` tokens unless it is empty. Throws `MemoryError`, and then nothing is allocated. */
  copy({ blocks, length }: Beginning, room: number): CachedTokens {
    const { graph, model, cacheFormat } = this.model;
    this.use(blocks);
    this.share(blocks);
    const cached = CachedTokens.none(graph, model.config, cacheFormat);
    if (length > 0) graph.attempt.run(() => cached.cache.reserve(Math.min(room, model.config.maxPositions)));
    for (const { ids, part } of blocks) cached.append(ids.subarray(0, length - cached.length), part);
    return cached;
  }

  /** Keeps a text's tokens so far, as many as memory has room for. */
  keep(text: BatchText, { tokens, cache }: CachedTokens): void {
    const blocks = Array.from({ length: Math.ceil(tokens.length / BLOCK_TOKENS) }, (_, i): NewBlock => {
      const start = i * BLOCK_TOKENS;
      const ids = tokens.slice(start, start + BLOCK_TOKENS);
      const end = start + ids.length;
      const isEnd = end === tokens.length;
      return { ids, isEnd, bytes: cache.partBytes(ids.length, isEnd), part: () => cache.part(start, end) };
    });
    // A larger text would only take the place of the others.
    if (blocks.reduce((sum, { bytes }) => sum + bytes, 0) <= this.most) this.add(text, blocks);
  }

  /** Reads what the storage has of a text's beginning, beyond what memory has; null without a storage. Never rejects. */
  read(text: BatchText): Promise<void> | null {
    const { storage, most } = this;
    if (storage === undefined) return null;
    const tree = this.printOf(text);
    if (tree === null) return null;
    const isOver = () => text.ended || this.model.graph.gone || this.storage === undefined;
    const read = this.reads.then(async () => {
      if (isOver()) return;
      const blocks = await storage.read(tree, text.prompt.subarray(0, -1), this.find(text).length, most);
      if (!isOver()) this.addRead(text, blocks);
    });
    // What cannot be read is computed.
    return (this.reads = read.catch(() => undefined));
  }

  /** Stops reading and writing the storage. */
  leaveStorage(): void {
    this.storage = undefined;
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

  private addRead(text: BatchText, blocks: readonly ReadBlock[]): void {
    const { graph, model, cacheFormat } = this.model;
    const read = blocks.map(({ ids, contents }, i): NewBlock => {
      const part = () =>
        contents === null ? null : KeyValueCache.partOf(graph, model.config, cacheFormat, ids.length, contents);
      return { ids, isEnd: i === blocks.length - 1, bytes: contents?.length ?? 0, part };
    });
    this.add(text, read);
  }

  /** Adds a text's blocks, parents first, unless they are there: as many as there is room for. */
  private add(text: BatchText, blocks: readonly NewBlock[]): void {
    const tree = this.treeOf(text) ?? this.newTree(text);
    const path: Block[] = [];
    const siblings = () => (path.at(-1) ?? tree).children;
    for (const block of blocks) {
      const known = this.known(siblings(), block);
      if (known === undefined) break;
      path.push(known);
    }
    this.use(path);
    this.share(path);
    for (const block of blocks.slice(path.length)) {
      const made = this.made(tree, siblings(), block, path);
      if (made === null) break;
      path.push(made);
    }
    this.use(path);
    this.forgetRemoved();
  }

  /** Has blocks written that several texts begin with. */
  private share(blocks: readonly Block[]): void {
    const tree = blocks[0]?.tree;
    const print = tree === undefined || this.storage === undefined ? null : this.printOf(tree);
    if (print !== null) this.storage!.write(print, blocks);
  }

  /** The fingerprint of a tree; null if memory is full. */
  private printOf(tree: Omit<BlockTree, "children">): string | null {
    return orFull(() => this.prints.of(tree));
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
  private known(siblings: ReadonlySet<Block>, { ids, isEnd }: NewBlock): Block | undefined {
    return [...siblings].find((block) => {
      if (commonLength(block.ids, ids) < ids.length) return false;
      if (!this.hasStates) return true;
      return block.ids.length === ids.length && (!isEnd || block.part.reusable(ids.length) > 0);
    });
  }

  /** A new block; null if memory has no room for it beside its parents. */
  private made(tree: BlockTree, siblings: Set<Block>, block: NewBlock, parents: readonly Block[]): Block | null {
    const { ids, bytes } = block;
    while (this.total + bytes > this.most) {
      const [oldest] = this.used;
      if (oldest === undefined || parents.includes(oldest)) return null;
      this.remove(oldest);
    }
    const part = orFull(block.part);
    if (part === null) return null;
    // One of fewer tokens is in it, and has no children; of those with states only one that lacks it.
    const former = [...siblings].filter(({ ids: { length }, ids: others }) => {
      return commonLength(others, ids) === length && (!this.hasStates || length === ids.length);
    });
    const children = former.find((one) => one.children.size > 0)?.children ?? new Set<Block>();
    for (const one of former) this.remove(one);
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

/** The result of some work; null if memory is full. */
function orFull<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof MemoryError) return null;
    throw error;
  }
}
