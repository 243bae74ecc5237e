import type { Graph, NodeId } from "../../../graph/graph.js";
import { Fingerprint } from "../../../io/fingerprint.js";
import { keptLength } from "../../../ops/product/frozen-weight.js";
import { itemsOf } from "../../../values/number-list.js";
import { VERSION } from "../../../version.js";
import type { Decoder } from "../../decoder/decoder.js";
import { CachedTokens } from "../cached-tokens.js";
import type { CalledLanguageModel } from "../called-language-model.js";
import { decodeStep } from "../decode-step.js";
import type { BlockTree } from "./block-tree.js";
import type { SharedAdapter } from "./shared-adapters.js";

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
