import { object } from "../arguments/settings.js";
import { ConfigError } from "../errors/errors.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { type AdapterColumns, loraLinear, type LoraLinearAttributes } from "../ops/product/lora-linear.js";
import { checkShape, checkTensor, type Tensor, zeros } from "../values/tensor.js";
import type { LoraInit, LoraShape } from "./lora-config.js";

/** The update s·A·B of a weight: A `[in, rank]`, B `[rank, out]`. */
export interface LowRank {
  readonly loraA: NodeId;
  readonly loraB: NodeId;
  /** α/r, or α/√r with rsLoRA. */
  readonly scaling: number;
}

/** A frozen linear layer and its updates. */
export class AdaptedLayer {
  /** A and B of each update. */
  private readonly factors: readonly NodeId[];
  /** The op's attributes without and with dropout, checked once: checking takes a tenth of a small layer's time. */
  private plain: LoraLinearAttributes | undefined;
  private dropping: LoraLinearAttributes | undefined;

  constructor(
    /** `[in, out]` */
    readonly weight: NodeId,
    /** `[out]` or null. */
    readonly bias: NodeId | null,
    /** Updates of column ranges of the weight. */
    private readonly adapters: readonly (AdapterColumns & LowRank)[],
    /** Dropout probability on the adapters' input in training. */
    readonly dropout: number,
    /** Whether it is DoRA's, whose bias is added after the scaling. */
    private readonly dora: boolean,
  ) {
    this.factors = adapters.flatMap(({ loraA, loraB }) => [loraA, loraB]);
  }

  /** x·W + Σ s·(x·A)·B, and without DoRA the bias. */
  product(graph: Graph, x: NodeId, dropped: NodeId | null): NodeId {
    const { weight, factors } = this;
    const attributes = dropped === null ? (this.plain ??= this.take(false)) : (this.dropping ??= this.take(true));
    const bias = attributes.bias ? this.bias : null;
    // Preallocated: growing a list takes longer.
    const inputs = new Array<NodeId>(2 + Number(bias !== null) + Number(dropped !== null) + factors.length);
    inputs[0] = x;
    inputs[1] = weight;
    let next = 2;
    if (bias !== null) inputs[next++] = bias;
    if (dropped !== null) inputs[next++] = dropped;
    for (let i = 0; i < factors.length; i++) inputs[next + i] = factors[i]!;
    return graph.loraLinear(inputs, attributes);
  }

  private take(adapterInput: boolean): LoraLinearAttributes {
    const { adapters, bias, dora } = this;
    return loraLinear.take({ bias: bias !== null && !dora, adapterInput, adapters }, loraLinear.name);
  }
}

/** s·A·B, `[in, out]`. */
function lowRankUpdate(graph: Graph, { loraA, loraB, scaling }: LowRank): NodeId {
  return graph.mul(graph.matmul(loraA, loraB), graph.constant({ shape: [], data: Float32Array.of(scaling) }));
}

/**
 * Makes a layer's trainable A and B. Throws `ConfigError` if the initialiser returns other shapes, or zero for both; no random stream is
 * then used up.
 */
export function initialLowRank(graph: Graph, init: LoraInit, shape: LoraShape): { loraA: NodeId; loraB: NodeId } {
  return graph.allOrNothing(() => {
    const { a, b } = initialTensors(graph, init, shape);
    return { loraA: graph.variable(a), loraB: graph.variable(b) };
  });
}

function initialTensors(graph: Graph, init: LoraInit, shape: LoraShape): { a: Tensor; b: Tensor } {
  const { inFeatures, outFeatures, rank } = shape;
  const given = object("LoRA", "an initialiser's result", init(graph, shape), "{ a, b }") as ReturnType<LoraInit>;
  const check = (letter: string, value: Tensor, expected: readonly number[]) => {
    const name = `the initialiser's ${letter}`;
    const tensor = checkTensor(`LoRA: ${name}`, value);
    checkShape("LoRA", name, tensor.shape, expected, "", ConfigError);
    return tensor;
  };
  const [a, b] = [check("A", given.a, [inFeatures, rank]), check("B", given.b, [rank, outFeatures])];
  if (![a, b].some(({ data }) => data.some((x) => x !== 0))) {
    const message = "LoRA: A and B are both zero, so neither would ever get a gradient; make one random";
    throw new ConfigError(message, { op: "LoRA", option: "init" });
  }
  return { a, b };
}

/**
 * y = x·W + Σ s·(x·A)·B + bias on `[…, in]` → `[…, out]`; with DoRA, everything but the bias is scaled column by column.
 *
 * @param doraScale computes DoRA's factor of each column, `[out]`; null without DoRA
 */
export function adaptedForward(graph: Graph, x: NodeId, layer: AdaptedLayer, doraScale: (() => NodeId) | null): NodeId {
  const { weight, bias, dropout } = layer;
  const dropped = dropout > 0 && graph.training ? graph.dropout(x, dropout) : null;
  if (doraScale === null) return layer.product(graph, x, dropped);
  const scaled = graph.mul(layer.product(graph, dropped ?? x, null), doraScale());
  // Dropout applies only to the adapter's input: the base uses the whole input, so the difference is added back.
  const y = dropped === null ? scaled : graph.add(scaled, graph.linear(graph.sub(x, dropped), weight));
  return bias === null ? y : graph.add(y, bias);
}

/**
 * ‖W + s·A·B‖₂ of each output column, `[out]`, without a gradient: DoRA (arXiv 2402.09353, section 4.3) treats the norm as a constant in
 * the backward pass. Keeps no memory of the weight's size.
 */
function columnNorms(graph: Graph, weight: () => NodeId, update: LowRank): NodeId {
  return graph.scope(() => {
    const squares = graph.scope(() => {
      const adapted = graph.add(
        weight(),
        graph.scope(() => lowRankUpdate(graph, update)),
      );
      return graph.square(adapted);
    });
    return graph.sqrt(graph.sum(squares, { dim: 0 }));
  });
}

/** The initial magnitude, trainable: the columns' norms. They are copied where they are computed, since a GPU is not read at once. */
export function initialMagnitude(graph: Graph, weight: () => NodeId, update: LowRank): NodeId {
  const width = graph.shape(update.loraB).at(-1)!;
  const magnitude = graph.variable(zeros([width]));
  graph.step(() => {
    const norms = columnNorms(graph, weight, update);
    graph.engine.copy(graph.node(norms).value.pointer, graph.node(magnitude).value.pointer, width);
  });
  return magnitude;
}

/** DoRA's factor of each column, `[out]`: magnitude over norm. */
export function doraScale(graph: Graph, weight: () => NodeId, update: LowRank, magnitude: NodeId): NodeId {
  return graph.div(magnitude, columnNorms(graph, weight, update));
}

/** An update of a weight, on the host. */
interface HostUpdate {
  /** A `[in, rank]` */
  readonly loraA: Tensor;
  /** B `[rank, out]` */
  readonly loraB: Tensor;
  /** s: α/r, or α/√r with rsLoRA. */
  readonly scaling: number;
  /** DoRA's magnitude `[out]`; undefined or null without. */
  readonly magnitude?: Tensor | null | undefined;
}

/** The layout of a weight in an array: element (input i, output o) is at `first + i·inStep + o·outStep`. */
interface WeightLayout {
  readonly first: number;
  readonly inStep: number;
  readonly outStep: number;
}

/**
 * W ← W + s·A·B; with DoRA, each output's column is then scaled to its magnitude, W ← m·W/‖W‖₂.
 *
 * Used by every merge. Sums are float64 in a fixed order and each element is rounded once, so the bits depend neither on the layout nor on
 * the kernels' build.
 */
export function mergeUpdate(weight: Float32Array, layout: WeightLayout, update: HostUpdate): void {
  const { loraA, loraB, scaling, magnitude } = update;
  const [inFeatures, rank] = loraA.shape as [number, number];
  const outFeatures = loraB.shape[1]!;
  const [a, b] = [loraA.data, loraB.data];
  const { first, inStep, outStep } = layout;
  const [row, squares] = [new Float64Array(outFeatures), new Float64Array(outFeatures)];
  let factors: Float64Array | null = new Float64Array(outFeatures).fill(1);
  // Without factors it sums the squares of the columns.
  const walk = () => {
    for (let i = 0; i < inFeatures; i++) {
      row.fill(0);
      for (let r = 0, at = 0; r < rank; r++) {
        for (let o = 0; o < outFeatures; o++) row[o]! += a[i * rank + r]! * b[at++]!;
      }
      for (let o = 0, at = first + i * inStep; o < outFeatures; o++, at += outStep) {
        const updated = weight[at]! + scaling * row[o]!;
        if (factors === null) squares[o]! += updated * updated;
        else weight[at] = updated * factors[o]!;
      }
    }
  };
  if (magnitude) {
    factors = null;
    walk();
    factors = squares.map((square, o) => magnitude.data[o]! / Math.sqrt(square));
  }
  walk();
}
