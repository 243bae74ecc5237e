import { commonLength } from "../../../values/common-length.js";
import type { KeyValueCache } from "../../decoder/key-value-cache.js";
import type { BatchText } from "./batch-text.js";

/**
 * Tokens of a block; the last one of a text has fewer. Fewer make more copies of short pieces, more leave more tokens in the memory of each
 * of two texts that part in the middle of a block. An even number, since blocks of caches are whole words.
 */
export const BLOCK_TOKENS = 32;

/** Texts' beginnings with one adapter at one time, as a tree of blocks: what several have in common is in memory once. */
export interface BlockTree extends Pick<BatchText, "adapter" | "weights" | "rounded"> {
  readonly children: Set<Block>;
}

/** Tokens after those of its parents. */
export interface Block {
  readonly tree: BlockTree;
  /** Those that begin as this one does. */
  readonly siblings: Set<Block>;
  readonly children: Set<Block>;
  readonly ids: Int32Array;
  /** Keys and values. */
  part: KeyValueCache;
}

/** The beginning of a text: the first `length` tokens of blocks, one the parent of the next. */
export interface Beginning {
  readonly blocks: readonly Block[];
  readonly length: number;
}

/** The longest beginning of a text that a tree has. Of layers' states it must have the one after its last token. */
export function beginningIn({ children }: BlockTree, text: Int32Array): Beginning {
  let best: Beginning = { blocks: [], length: 0 };
  const whole: Block[] = [];
  for (let siblings: Set<Block> | undefined = children; siblings !== undefined;) {
    const start = whole.length * BLOCK_TOKENS;
    const rest = text.subarray(start);
    let next: Block | undefined;
    for (const block of siblings) {
      const common = commonLength(block.ids, rest);
      const length = start + block.part.reusable(common);
      if (length > Math.max(start, best.length)) best = { blocks: [...whole, block], length };
      if (common === BLOCK_TOKENS) next = block;
    }
    if (next !== undefined) whole.push(next);
    siblings = next?.children;
  }
  return best;
}
