import type { Graph, NodeId } from "../../../graph/graph.js";
import { Fingerprint } from "../../../io/fingerprint.js";
import { keptLength } from "../../../ops/product/frozen-weight.js";
import { commonLength, itemsOf } from "../../../values/number-list.js";
import { VERSION } from "../../../version.js";
import type { Decoder } from "../../decoder/decoder.js";
import type { KeyValueCache } from "../../decoder/key-value-cache.js";
import { CachedTokens, decodeStep } from "../decode-step.js";
import type { CalledLanguageModel } from "../load-language-model.js";
import type { BatchText, SharedAdapter } from "./batch-text.js";

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

/** Bytes that are copied at a time. */
const PIECE = 1 << 20;

/**
 * A fingerprint of the weights' bits that keys and values depend on, as they are in memory. Half a millisecond for a megabyte.
 * @internal exported for its tests
 */
export function weightsPrint(model: Decoder): string {
  const print = new Fingerprint();
  for (const id of model.hiddenWeights()) addWeight(print, model.graph, id);
  return print.toString();
}

function addWeight(print: Fingerprint, graph: Graph, id: NodeId): void {
  const { frozen } = graph.node(id);
  // A vector; or a matrix in panels, whose order depends on the register tile.
  if (frozen === undefined || frozen.pointer === 0) return graph.view(id, (values) => void print.add(values));
  const { format, transposed, inFeatures, outFeatures, pointer } = frozen;
  const [rows, width] = transposed === 1 ? [outFeatures, inFeatures] : [inFeatures, outFeatures];
  const length = keptLength(graph.engine.kernels, format, rows, width);
  for (let start = 0; start < length; start += PIECE)
    print.add(graph.engine.readBytes(pointer + start, Math.min(PIECE, length - start)));
}

/** Tokens of the text that is computed to tell apart builds and processors that round differently. */
const PROBE_TOKENS = 16;

/** Fingerprints of what a text's keys and values depend on beside its tokens. */
export class TreePrints {
  private readonly known = new WeakMap<SharedAdapter, Map<string, string>>();
  /** Fingerprint of the weights, in the version of the last text. */
  private last: { readonly version: number; readonly print: string } | null = null;

  constructor(private readonly model: CalledLanguageModel) {}

  /** The fingerprint for a text that is under way: of the weights and the adapter, and how they are computed. Throws `MemoryError`. */
  of({ adapter, weights, rounded }: Omit<BlockTree, "children">): string {
    const prints = this.known.get(adapter) ?? new Map<string, string>();
    const key = `${weights} ${rounded}`;
    const found = prints.get(key) ?? this.computed(adapter, weights, rounded);
    this.known.set(adapter, prints.set(key, found));
    return found;
  }

  private computed({ snapshot }: SharedAdapter, version: number, rounded: boolean): string {
    const { graph, model, cacheFormat } = this.model;
    const { build, threads } = graph.engine.info;
    const { attention, experts, ...config } = model.config;
    const layers = Array.from({ length: config.layers }, (_, i) => [attention(i), experts?.(i)]);
    if (this.last?.version !== version) this.last = { version, print: weightsPrint(model) };
    const print = new Fingerprint();
    addValue(print, [VERSION, build, threads, cacheFormat, config, layers, this.last.print, snapshot?.held, rounded]);
    return print.add(graph.withRounding(rounded, () => this.probe())).toString();
  }

  /** Logits of the base after a short text. */
  private probe(): Float32Array {
    const { graph, model, cacheFormat } = this.model;
    const { vocabularySize, maxPositions } = model.config;
    const held = CachedTokens.none(graph, model.config, cacheFormat);
    const length = Math.min(PROBE_TOKENS, maxPositions);
    const ids = Int32Array.from({ length }, (_, i) => Math.floor((i * vocabularySize) / length));
    try {
      // A storage, for which this is, needs an engine on WASM.
      const logits = decodeStep({ graph, model }, { selection: () => [] }, [{ text: 0, held, ids }]) as Float32Array[];
      return logits[0]!;
    } finally {
      held.dispose();
    }
  }
}

/** Adds a value: a number, a text, a typed array, or a list, Map, Set or object of these. Values that `sameValues` tells apart differ. */
function addValue(print: Fingerprint, value: unknown): void {
  if (ArrayBuffer.isView(value)) {
    print.addNumber(0).add(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else if (typeof value === "object" && value !== null) {
    const items = itemsOf(value);
    print.addNumber(1).addNumber(items.length);
    for (const item of items) addValue(print, item);
  } else {
    const text = Object.is(value, -0) ? "-0" : String(value);
    print.addNumber(2).add(new TextEncoder().encode(`${typeof value} ${text}`));
  }
}
