import { checkRecord, listFrom, nonNegative, notExpected } from "../arguments/settings.js";
import { or, readOptions } from "../arguments/options.js";
import { ConfigError } from "../errors/errors.js";
import { checkGraph, type Graph, type NodeId } from "../graph/graph.js";
import type { ParameterGroup } from "./optimizer.js";

/** A layer with a low-rank update: a `LoraLinear`, a `LoraEmbedding`, or a layer of an adapter. */
export interface LoraFactors {
  /** A, trained at the base learning rate. */
  readonly loraA: NodeId;
  /** B, trained at a multiple of it. */
  readonly loraB: NodeId;
  /** DoRA's magnitude. */
  readonly magnitude?: NodeId | null;
  /** B's bias. */
  readonly bias?: NodeId | null;
  /** "embedding" for a layer on a table. */
  readonly kind?: "linear" | "embedding";
}

/** Options of `loraPlusGroups`. */
export interface LoraPlusOptions {
  /** Learning rate of A, and of matrices in `others`. */
  readonly lr: number;
  /** Ratio of B's learning rate to A's; default 16. */
  readonly ratio?: number;
  /** Learning rate of A and B of embeddings; default 1e-6, as in PEFT. */
  readonly embeddingLr?: number;
  /** Weight decay of everything except biases and layer norms; default: the optimizer's. PEFT's default is 0. */
  readonly weightDecay?: number;
  /** Further parameters to train, such as a head's. */
  readonly others?: readonly NodeId[];
  /** Graph of `others`, to find the biases among them; required for layers instead of an adapter. */
  readonly graph?: Graph;
}

/** The parts of an adapter that determine learning rates. */
export interface LoraPlusAdapter {
  readonly layers: ReadonlyMap<string, LoraFactors>;
  /** All its trained parameters; default: the layers'. */
  params?(): readonly NodeId[];
  /** Trained tensors that replace the base's. */
  readonly whole?: ReadonlyMap<string, { readonly node: NodeId; readonly decays: boolean }>;
  readonly graph?: Graph;
}

const what = "loraPlusGroups";

/**
 * Parameter groups of LoRA+ (arXiv 2402.12354), as PEFT's `create_loraplus_optimizer`. B has `ratio` times A's learning rate, and so has
 * everything with one dimension: magnitudes, biases, norms, a head's bias. Biases and layer norms have no weight decay. A and B of
 * embeddings have their own rate; other matrices and rows of tables have A's. A schedule keeps the ratios.
 *
 * @param adapter an encoder's adapter, or layers
 * Throws `ConfigError` for something without layers, for invalid options, and for `others` without `graph` if layers are given.
 *
 * @example
 * new AdamW(graph, loraPlusGroups(encoder.adapter("mine"), { lr: 2e-4, ratio: 16 }), { lr: 2e-4 });
 */
export function loraPlusGroups(
  adapter: LoraPlusAdapter | readonly LoraFactors[],
  options: LoraPlusOptions,
): ParameterGroup[] {
  const { lr, ratio, embeddingLr, weightDecay, others, graph } = readOptions(what, options, {
    lr: (_what, name, value) => nonNegative(_what, name, value as number),
    ratio: or(16, nonNegative),
    embeddingLr: or(1e-6, nonNegative),
    weightDecay: (_what, name, value) => (value === undefined ? undefined : nonNegative(_what, name, value as number)),
    others: (_what, name, value) =>
      listFrom(`${_what}: ${name} is a list of node ids`, value ?? [], (id) => {
        if (typeof id === "number") return id as NodeId;
        throw notExpected(_what, `node ids as ${name}`, id);
      }),
    graph: (_what, _name, value) => (value === undefined ? undefined : checkGraph(_what, value as Graph)),
  });
  const layers = layersOf(adapter);
  const own: Partial<LoraPlusAdapter> = Array.isArray(adapter) ? {} : (adapter as LoraPlusAdapter);
  const present = (ids: readonly (NodeId | null | undefined)[]) => ids.filter((id) => id !== null && id !== undefined);
  const slow: NodeId[] = [];
  const tables: NodeId[] = [];
  const fast: NodeId[] = [];
  const biases: NodeId[] = [];
  for (const { kind, loraA, loraB, magnitude, bias } of layers) {
    const isTable = kind === "embedding";
    (isTable ? tables : slow).push(loraA);
    (isTable ? tables : fast).push(loraB);
    fast.push(...present([magnitude]));
    biases.push(...present([bias]));
  }
  const known = new Set([...slow, ...tables, ...fast, ...biases]);
  const rest = [...(own.params?.() ?? []), ...others].filter((id) => !known.has(id));
  const decays = new Set([...(own.whole?.values() ?? [])].flatMap((one) => (one.decays ? [one.node] : [])));
  for (const id of rest) (isVector(graph ?? own.graph, id) ? (decays.has(id) ? fast : biases) : slow).push(id);
  const decay = weightDecay === undefined ? {} : { weightDecay };
  const groups: ParameterGroup[] = [
    { params: slow, lr, ...decay },
    { params: tables, lr: embeddingLr, ...decay },
    { params: fast, lr: lr * ratio, ...decay },
    { params: biases, lr: lr * ratio, weightDecay: 0 },
  ];
  return groups.filter(({ params }) => params.length > 0);
}

function isVector(graph: Graph | undefined, id: NodeId): boolean {
  if (graph !== undefined) return graph.shape(id).length === 1;
  throw new ConfigError(
    `${what}: biases among others learn as B does, and layers do not say which these are: pass the graph`,
    {
      op: what,
      option: "graph",
    },
  );
}

function layersOf(adapter: unknown): readonly LoraFactors[] {
  const expected = `${what}: an adapter or a list of layers is expected`;
  if (Array.isArray(adapter)) return listFrom(expected, adapter, withKind);
  checkRecord(expected, adapter);
  const { layers } = adapter as { layers?: unknown };
  if (!(layers instanceof Map)) throw notExpected(what, "an adapter or a list of layers", adapter);
  return [...layers.values()].map(withKind);
}

/** A layer's own bias is frozen; the bias of an adapter's layer is B's. */
function withKind(given: unknown): LoraFactors {
  checkRecord(`${what}: a layer has loraA and loraB`, given);
  const layer = given as unknown as LoraFactors;
  const { loraA, loraB, magnitude = null, kind } = layer;
  const isFrozen = "frozenWeight" in layer;
  const isTable = "table" in layer;
  return {
    loraA,
    loraB,
    magnitude,
    bias: isFrozen || isTable ? null : (layer.bias ?? null),
    kind: kind ?? (isTable ? "embedding" : "linear"),
  };
}
