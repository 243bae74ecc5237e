import { commonLength } from "../../../values/number-list.js";
import type { KeyValueCache } from "../../decoder/key-value-cache.js";
import type { BatchText } from "./batch-text.js";

/**
 * Tokens of a block; the last one of a text has fewer. Of larger blocks, texts that part in the middle of one keep more tokens twice: 64 MB
 * keep 21 conversations of 40 tokens with a system message of 500 in blocks of 16 on SmolLM2-135M, 15 in blocks of 32. Smaller ones take
 * more copies: 512 tokens are copied in 2.8 ms in blocks of 16, in 2.5 of 32, in 3.4 of 4. An even number: blocks are whole words.
 */
export const BLOCK_TOKENS = 16;

/** Texts' beginnings with one adapter at one time, as a tree of blocks: what several have in common is in memory once. */
export interface BlockTree extends Pick<BatchText, "adapter" | "weights" | "rounded"> {
  readonly children: Set<Block>;
}

/** Tokens after those of its parents. */
export interface Block {
  readonly tree: BlockTree;
  /** Blocks that begin as this one does. */
  readonly siblings: Set<Block>;
  readonly children: Set<Block>;
  readonly ids: Int32Array;
  /** Keys and values. */
  part: KeyValueCache;
}

/** The beginning of a text: the first `length` tokens of blocks, one the parent of the next. */
export interface Beginning<B = Block> {
  readonly blocks: readonly B[];
  readonly length: number;
  /** Number of the text's tokens that whole blocks have, with their states or without. */
  readonly whole: number;
}

interface Node<B> extends Pick<Block, "ids"> {
  readonly children: ReadonlySet<B>;
  readonly part: Pick<KeyValueCache, "reusable">;
}

/** The longest beginning of a text that a tree has. Of layers' states it must have the one after its last token. */
export function beginningIn<B extends Node<B>>(children: ReadonlySet<B>, text: Int32Array): Beginning<B> {
  let best: Omit<Beginning<B>, "whole"> = { blocks: [], length: 0 };
  const whole: B[] = [];
  for (let siblings: ReadonlySet<B> | undefined = children; siblings !== undefined;) {
    const start = whole.length * BLOCK_TOKENS;
    const rest = text.subarray(start);
    let next: B | undefined;
    for (const block of siblings) {
      const common = commonLength(block.ids, rest);
      const length = start + block.part.reusable(common);
      if (length > Math.max(start, best.length)) best = { blocks: [...whole, block], length };
      if (common === BLOCK_TOKENS) next = block;
    }
    if (next !== undefined) whole.push(next);
    siblings = next?.children;
  }
  return { ...best, whole: whole.length * BLOCK_TOKENS };
}

/** A block that was read; its contents are null if it is in memory. */
export interface ReadBlock {
  readonly ids: Int32Array;
  readonly contents: Uint8Array | null;
}

/** Blocks outside of memory, such as in files. A tree is identified by what its blocks depend on beside their tokens. */
export interface BlockStorage {
  /**
   * The blocks that a text begins with, parents first; none if memory has as many of its tokens. Never rejects.
   *
   * @param known number of tokens in memory
   * @param most maximum bytes
   */
  read(tree: string, text: Int32Array, known: number, most: number): Promise<readonly ReadBlock[]>;
  /** Takes note of blocks, parents first, that several texts begin with: they are written in the background, as long as they are in memory. */
  write(tree: string, blocks: readonly Block[]): void;
}
