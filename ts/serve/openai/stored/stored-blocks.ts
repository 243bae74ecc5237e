import {
  type Block,
  BLOCK_TOKENS,
  type BlockStorage,
  type ReadBlock,
} from "../../../models/language/batch/block-tree.js";
import type { RunStore } from "../../../training/store/run-store.js";
import { sameValues } from "../../../values/number-list.js";
import { BlockIndex, MOST_BLOCKS, nameOf, type StoredBlock } from "./block-index.js";
import { Fingerprint } from "../../../io/fingerprint.js";

/** How files of blocks begin; those of another form begin otherwise. */
const MAGIC = "lowrank-block-1\n";

/** Bytes of a file beside its contents: its first line, the block's name and the contents' fingerprint. */
const HEADER_BYTES = MAGIC.length + 32 + 32;

const headerOf = (name: string, contents: Uint8Array) =>
  new TextEncoder().encode(MAGIC + name + new Fingerprint().add(contents).toString());

/** The file of a block. @param name says what the contents depend on */
function blockFile(name: string, contents: Uint8Array): Uint8Array {
  const file = new Uint8Array(HEADER_BYTES + contents.length);
  file.set(headerOf(name, contents));
  file.set(contents, HEADER_BYTES);
  return file;
}

/** The contents of a block's file; undefined if it is another one's, or damaged. */
function contentsOf(file: Uint8Array, name: string): Uint8Array | undefined {
  const contents = file.subarray(HEADER_BYTES);
  return headerOf(name, contents).every((byte, i) => file[i] === byte) ? contents : undefined;
}

const INDEX = "blocks.json";
/** Maximum bytes of the index: those of a full one are fewer. */
const INDEX_BYTES = 2 ** 22;
/** Files that are looked for at the same time. */
const AT_ONCE = 64;
const fileOf = (number: number) => `block-${number}`;

/**
 * Blocks of texts' beginnings in a store, up to a size in bytes, least recently used first. An index says which block each file has; it is
 * written after the files. A file that is another block's, cut or damaged is as good as none, and its number is used again.
 */
export class StoredBlocks implements BlockStorage {
  private index: BlockIndex | null = null;
  private release: () => void | Promise<void> = () => undefined;
  private readonly opened: Promise<void>;
  /** All changes of files and index, one after another. */
  private work: Promise<void>;
  /** The stored state of blocks in memory; null while a block is to be written. */
  private readonly stored = new WeakMap<Block, StoredBlock | null>();
  private failed = false;
  private readTokens = 0;

  /**
   * @param store checked
   * @param most maximum bytes of the files
   * @param report called with an error, after which nothing more is written
   */
  constructor(
    private readonly store: RunStore,
    private readonly most: number,
    private readonly report: (error: unknown) => void,
  ) {
    this.opened = this.work = this.open().catch((error: unknown) => this.fail(error));
  }

  /** Bytes of the files, and the number of tokens that were read from them. */
  get size(): { readonly bytes: number; readonly readTokens: number } {
    return { bytes: this.index?.bytes ?? 0, readTokens: this.readTokens };
  }

  /** Reads blocks; see `BlockStorage`. */
  async read(tree: string, text: Int32Array, known: number, most: number): Promise<readonly ReadBlock[]> {
    await this.opened;
    const { index } = this;
    const { blocks, length } = index?.find(tree, text) ?? { blocks: [], length: 0 };
    if (length <= known) return [];
    index!.use(blocks);
    const found: ReadBlock[] = [];
    let bytes = 0;
    for (const [i, block] of blocks.entries()) {
      const inMemory = (i + 1) * BLOCK_TOKENS <= known;
      bytes += block.bytes;
      if (bytes > most) break;
      const size = block.bytes;
      const contents = inMemory ? null : await this.contents(block);
      if (contents === undefined) {
        // Unless it was written again meanwhile, with states.
        this.change(async (opened) => (block.bytes === size ? this.drop(opened, block) : undefined));
        break;
      }
      found.push({ ids: block.ids, contents });
      if (contents !== null) this.readTokens += block.ids.length;
    }
    return found;
  }

  /** Writes blocks; see `BlockStorage`. */
  write(tree: string, blocks: readonly Block[]): void {
    const { index, stored } = this;
    if (this.failed) return;
    const isKnown = (block: Block) => {
      const found = stored.get(block);
      return found === null || (found !== undefined && index?.get(found.name) === found);
    };
    const isNew = blocks.some((block) => !isKnown(block));
    for (const block of blocks) if (!isKnown(block)) stored.set(block, null);
    if (isNew) this.change((opened) => this.save(opened, tree, blocks));
    else index?.use(blocks.map((block) => stored.get(block)).filter((block) => block != null));
  }

  /** Waits for all writes, and gives the store free. Safe to call twice. */
  async close(): Promise<void> {
    this.change((index) => this.saveIndex(index));
    await this.work;
    this.failed = true;
    const { release } = this;
    this.release = () => undefined;
    await release();
  }

  private async open(): Promise<void> {
    const { store } = this;
    this.release = await store.claim();
    const file = await store.read(INDEX, INDEX_BYTES + 1);
    const index = file === null || file.length > INDEX_BYTES ? null : BlockIndex.of(file);
    if (index === null) await this.sweep(file !== null);
    this.index = index ?? new BlockIndex();
    await this.makeRoom(this.index, 0, []);
  }

  /** Removes files that the index does not name. A new folder has neither an index nor one of the first files. */
  private async sweep(isDamaged: boolean): Promise<void> {
    for (let first = 0; first < MOST_BLOCKS; first += AT_ONCE) {
      const files = Array.from({ length: AT_ONCE }, (_, i) => fileOf(first + i));
      const there = await Promise.all(files.map((file) => this.store.has(file)));
      if (first === 0 && !isDamaged && !there.includes(true)) return;
      await Promise.all(files.filter((_, i) => there[i]).map((file) => this.store.remove(file)));
    }
  }

  /** The contents of a block's file; undefined if there are none. */
  private async contents({ name, file, bytes }: StoredBlock): Promise<Uint8Array | undefined> {
    const read = await this.store.read(fileOf(file), bytes + 1).catch(() => null);
    return read?.length === bytes ? contentsOf(read, name) : undefined;
  }

  private change(work: (index: BlockIndex) => Promise<void>): void {
    this.work = this.work
      .then(() => (this.index === null || this.failed ? undefined : work(this.index)))
      .catch((error: unknown) => this.fail(error));
  }

  private fail(error: unknown): void {
    this.failed = true;
    this.report(error);
  }

  private async save(index: BlockIndex, tree: string, blocks: readonly Block[]): Promise<void> {
    const path: StoredBlock[] = [];
    let written = false;
    for (const block of blocks) {
      const parent = path.at(-1)?.name ?? tree;
      const found = index.get(nameOf(parent, block.ids));
      // Whoever chooses a prompt's tokens can make names equal.
      if (found !== undefined && !(found.parent === parent && sameValues(found.ids, block.ids))) break;
      const lacksState = found?.state === false && block.part.hasState === true;
      const isNew = found === undefined || lacksState;
      const stored = isNew ? await this.put(index, parent, block, path) : found;
      written ||= isNew && stored !== null;
      if (stored === null) break;
      path.push(stored);
      this.stored.set(block, stored);
    }
    for (const block of blocks.slice(path.length)) this.stored.delete(block);
    index.use(path);
    if (written) await this.saveIndex(index);
  }

  /** Writes a block; null if it has left memory, or there is no room for it beside its parents. */
  private async put(
    index: BlockIndex,
    parent: string,
    { ids, part }: Block,
    parents: readonly StoredBlock[],
  ): Promise<StoredBlock | null> {
    const contents = part.contents();
    const { hasState } = part;
    if (contents === null) return null;
    const bytes = HEADER_BYTES + contents.length;
    const name = nameOf(parent, ids);
    const former = index.get(name);
    if (!(await this.makeRoom(index, bytes - (former?.bytes ?? 0), [...parents, ...(former ? [former] : [])])))
      return null;
    const file = former?.file ?? index.freeFile();
    await this.store.write({ [fileOf(file)]: blockFile(name, contents) });
    if (former === undefined) return index.add({ parent, ids, state: hasState, bytes }, file);
    index.addState(former, bytes);
    return former;
  }

  /** Removes the blocks that were unused for the longest time; false if there are too few beside `kept`. */
  private async makeRoom(index: BlockIndex, bytes: number, kept: readonly StoredBlock[]): Promise<boolean> {
    while (index.bytes + bytes > this.most || index.isFull) {
      const { oldest } = index;
      if (oldest === undefined || kept.includes(oldest)) return false;
      await this.drop(index, oldest);
    }
    return true;
  }

  private async drop(index: BlockIndex, block: StoredBlock): Promise<void> {
    for (const { file } of index.remove(block)) await this.store.remove(fileOf(file));
  }

  private saveIndex(index: BlockIndex): Promise<void> {
    return this.store.write({ [INDEX]: index.toFile() });
  }
}
