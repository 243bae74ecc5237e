import { isRecord } from "../../../arguments/settings.js";
import { Fingerprint, isFingerprint } from "../../../io/fingerprint.js";
import { type Beginning, beginningIn, BLOCK_TOKENS } from "../../../models/language/batch/block-tree.js";

/** Maximum number of blocks. Numbers of files are below it. */
export const MOST_BLOCKS = 4096;
/** Most bytes of a file: sums of them are exact. */
const MOST_BYTES = 2 ** 40;
const FORMAT = 1;

/** A block that is in a file. */
export interface StoredBlock {
  /** Fingerprint of what its contents depend on: its tokens and those before, model, adapter, build. */
  readonly name: string;
  /** The name of the block before it, or the tree's fingerprint. */
  readonly parent: string;
  readonly ids: Int32Array;
  /** Number of its file. */
  readonly file: number;
  /** Whether it has the states after its last token; null for models that have none. */
  state: boolean | null;
  /** Bytes of its file. */
  bytes: number;
  readonly siblings: Set<StoredBlock>;
  readonly children: Set<StoredBlock>;
  readonly part: { reusable(count: number): number };
}

type Written = Pick<StoredBlock, "parent" | "ids" | "state" | "bytes">;

/** The name of a block. */
export const nameOf = (parent: string, ids: Int32Array) =>
  new Fingerprint().add(new TextEncoder().encode(parent)).add(new Uint8Array(ids.slice().buffer)).toString();

/** Which blocks are in files, in order of last use. */
export class BlockIndex {
  /** Blocks without a parent, by the tree's fingerprint. */
  private readonly trees = new Map<string, Set<StoredBlock>>();
  /** Blocks by name. Who uses a block uses its parents too, which come later here: the first one has no children. */
  private readonly blocks = new Map<string, StoredBlock>();
  private readonly files = new Set<number>();
  private total = 0;

  /** Bytes of all files. */
  get bytes(): number {
    return this.total;
  }

  get isFull(): boolean {
    return this.blocks.size === MOST_BLOCKS;
  }

  /** The block that was unused for the longest time. */
  get oldest(): StoredBlock | undefined {
    return this.blocks.values().next().value;
  }

  get(name: string): StoredBlock | undefined {
    return this.blocks.get(name);
  }

  /** The longest beginning of a text. */
  find(tree: string, text: Int32Array): Beginning<StoredBlock> {
    return beginningIn(this.trees.get(tree) ?? new Set(), text);
  }

  /** Marks blocks, parents before children, as used now. */
  use(blocks: readonly StoredBlock[]): void {
    for (const block of blocks.toReversed()) {
      if (this.blocks.delete(block.name)) this.blocks.set(block.name, block);
    }
  }

  /** The lowest number that no file has. */
  freeFile(): number {
    let file = 0;
    while (this.files.has(file)) file++;
    return file;
  }

  /** Adds a block. Its parent is there, or it has none. */
  add(written: Written, file: number): StoredBlock {
    const { parent, ids } = written;
    const siblings = this.blocks.get(parent)?.children ?? this.trees.get(parent) ?? new Set();
    if (!this.blocks.has(parent)) this.trees.set(parent, siblings);
    const made: StoredBlock = {
      ...written,
      name: nameOf(parent, ids),
      file,
      siblings,
      children: new Set(),
      part: {
        reusable: (count) => (made.state === null || (made.state && count === ids.length) ? count : 0),
      },
    };
    siblings.add(made);
    this.blocks.set(made.name, made);
    this.files.add(file);
    this.total += made.bytes;
    return made;
  }

  /** Notes that a block's file has the states too. */
  addState(block: StoredBlock, bytes: number): void {
    this.total += bytes - block.bytes;
    [block.state, block.bytes] = [true, bytes];
  }

  /** Removes a block with all that follow it. Returns them. */
  remove(block: StoredBlock): StoredBlock[] {
    if (this.blocks.get(block.name) !== block) return [];
    this.blocks.delete(block.name);
    block.siblings.delete(block);
    if (this.trees.get(block.parent)?.size === 0) this.trees.delete(block.parent);
    this.files.delete(block.file);
    this.total -= block.bytes;
    return [block, ...[...block.children].flatMap((child) => this.remove(child))];
  }

  /** The index as the bytes of a file. */
  toFile(): Uint8Array {
    const blocks = [...this.blocks.values()].map(({ parent, ids, file, state, bytes }) => ({
      file,
      parent,
      state,
      bytes,
      ids: [...ids],
    }));
    return new TextEncoder().encode(JSON.stringify({ format: FORMAT, trees: [...this.trees.keys()], blocks }));
  }

  /** Reads an index from a file; null if it is damaged, or in another format. */
  static of(file: Uint8Array): BlockIndex | null {
    try {
      const { format, trees, blocks } = JSON.parse(new TextDecoder().decode(file)) as Record<string, unknown>;
      if (format !== FORMAT || !isListOf(trees, isFingerprint) || !isListOf(blocks, isRow)) return null;
      const index = new BlockIndex();
      // Parents come later.
      const rows = blocks.toReversed();
      for (const { file, ids, ...row } of rows) {
        const given = Int32Array.from(ids);
        const isNew = !index.files.has(file) && !index.blocks.has(nameOf(row.parent, given)) && !index.isFull;
        if (!isNew || !(index.blocks.has(row.parent) || trees.includes(row.parent))) return null;
        index.add({ ...row, ids: given }, file);
      }
      index.use([...index.blocks.values()]);
      return index;
    } catch {
      return null;
    }
  }
}

type Row = Omit<Written, "ids"> & { readonly file: number; readonly ids: readonly number[] };

const isCount = (value: unknown, most = Number.MAX_SAFE_INTEGER): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most;

const isListOf = <T>(value: unknown, is: (item: unknown) => item is T): value is T[] =>
  Array.isArray(value) && value.every(is);

const isId = (value: unknown): value is number => isCount(value, 2 ** 31 - 1);

const isRow = (value: unknown): value is Row =>
  isRecord(value) &&
  isFingerprint(value["parent"]) &&
  isCount(value["file"], MOST_BLOCKS - 1) &&
  (value["state"] === null || typeof value["state"] === "boolean") &&
  isCount(value["bytes"], MOST_BYTES) &&
  isListOf(value["ids"], isId) &&
  value["ids"].length > 0 &&
  value["ids"].length <= BLOCK_TOKENS;
