import type { Block } from "./block-tree.js";

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
