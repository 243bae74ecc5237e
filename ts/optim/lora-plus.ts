import { checkRecord, listFrom } from "../arguments/collections.js";
import { or, readOptions } from "../arguments/read-options.js";
import { nonNegative, notExpected } from "../arguments/settings.js";
import type { NodeId } from "../graph/graph.js";
import type { ParameterGroup } from "./parameters.js";

/** A layer with a low-rank update: a `LoraLinear`, a `LoraEmbedding`, or one of an adapter's. */
export interface LoraFactors {
  /** A, which learns at the rate itself. */
  readonly loraA: NodeId;
  /** B, which learns faster. */
  readonly loraB: NodeId;
  /** DoRA's. */
  readonly magnitude?: NodeId | null;
  /** B's own. */
  readonly bias?: NodeId | null;
  /** "embedding" for one on a table. */
  readonly kind?: "linear" | "embedding";
}

/** Settings of `loraPlusGroups`. */
export interface LoraPlusOptions {
  /** Learning rate of A and of `others`. */
  readonly lr: number;
  /** B's learning rate over A's; default 16. */
  readonly ratio?: number;
  /** Learning rate of A and B of embeddings; default 1e-6, as PEFT's. */
  readonly embeddingLr?: number;
  /** Weight decay, but of biases; default the optimizer's. */
  readonly weightDecay?: number;
  /** What is trained along, such as a head's parameters. */
  readonly others?: readonly NodeId[];
}

const what = "loraPlusGroups";

/**
 * Parameter groups of LoRA+ (arXiv 2402.12354) for an optimizer: B learns `ratio` times as fast as A, as do magnitudes and
 * B's biases, the latter without weight decay. A schedule keeps the ratios.
 *
 * @param adapter an encoder's adapter, or layers
 * Throws `ConfigError` for what has no layers and for settings that make no sense.
 *
 * @example
 * new AdamW(graph, loraPlusGroups(encoder.adapter("mine"), { lr: 2e-4, ratio: 16 }), { lr: 2e-4 });
 */
export function loraPlusGroups(
  adapter: { readonly layers: ReadonlyMap<string, LoraFactors>; params?(): readonly NodeId[] } | readonly LoraFactors[],
  options: LoraPlusOptions,
): ParameterGroup[] {
  const { lr, ratio, embeddingLr, weightDecay, others } = readOptions(what, options, {
    lr: (_what, name, value) => nonNegative(_what, name, value as number),
    ratio: or(16, nonNegative),
    embeddingLr: or(1e-6, nonNegative),
    weightDecay: (_what, name, value) => (value === undefined ? undefined : nonNegative(_what, name, value as number)),
    others: (_what, name, value) =>
      listFrom(`${_what}: ${name} is a list of node ids`, value ?? [], (id) => {
        if (typeof id === "number") return id as NodeId;
        throw notExpected(_what, `node ids as ${name}`, id);
      }),
  });
  const layers = layersOf(adapter);
  const [ofEmbeddings, ofLinears] = [true, false].map((wanted) =>
    layers.filter(({ kind }) => (kind === "embedding") === wanted),
  ) as [LoraFactors[], LoraFactors[]];
  const present = (ids: readonly (NodeId | null | undefined)[]) => ids.filter((id) => id !== null && id !== undefined);
  const isBias = (id: NodeId) => layers.some(({ bias }) => bias === id);
  const fast = present([
    ...ofLinears.flatMap(({ loraB, magnitude }) => [loraB, magnitude]),
    ...ofEmbeddings.map(({ magnitude }) => magnitude),
  ]);
  const biases = present(layers.map(({ bias }) => bias));
  const slow = ofLinears.map(({ loraA }) => loraA);
  const tables = ofEmbeddings.flatMap(({ loraA, loraB }) => [loraA, loraB]);
  // Whole tensors that the adapter trains, which are neither.
  const known = new Set([...fast, ...biases, ...slow, ...tables]);
  const whole = Array.isArray(adapter) ? [] : ((adapter as { params?(): readonly NodeId[] }).params?.() ?? []);
  const rest = [...whole.filter((id) => !known.has(id) && !isBias(id)), ...others];
  const decay = weightDecay === undefined ? {} : { weightDecay };
  const groups: ParameterGroup[] = [
    { params: [...slow, ...rest], lr, ...decay },
    { params: tables, lr: embeddingLr, ...decay },
    { params: fast, lr: lr * ratio, ...decay },
    { params: biases, lr: lr * ratio, weightDecay: 0 },
  ];
  return groups.filter(({ params }) => params.length > 0);
}

function layersOf(adapter: unknown): readonly LoraFactors[] {
  const expected = `${what}: an adapter or a list of layers is expected`;
  if (Array.isArray(adapter)) return listFrom(expected, adapter, withKind);
  checkRecord(expected, adapter);
  const { layers } = adapter as { layers?: unknown };
  if (!(layers instanceof Map)) throw notExpected(what, "an adapter or a list of layers", adapter);
  return [...layers.values()].map(withKind);
}

/** A layer's own bias is frozen; that of an adapter's layer is B's. */
function withKind(given: unknown): LoraFactors {
  checkRecord(`${what}: a layer has loraA and loraB`, given);
  const layer = given as unknown as LoraFactors;
  const { loraA, loraB, magnitude = null, kind } = layer;
  const isFrozen = "frozenWeight" in layer;
  const isTable = "table" in layer;
  return {
    ...{ loraA, loraB, magnitude, bias: isFrozen || isTable ? null : (layer.bias ?? null) },
    kind: kind ?? (isTable ? "embedding" : "linear"),
  };
}
