import { ConfigError } from "../errors/errors.js";
import { checkGraph, type Graph, type NodeId } from "../graph/graph.js";
import { whole } from "../arguments/settings.js";
import { checkShape, checkTensor, sameShape, type Tensor, zeros } from "../values/tensor.js";
import {
  adaptedForward,
  AdaptedLayer,
  doraScale,
  initialLowRank,
  initialMagnitude,
  mergeUpdate,
} from "./low-rank-update.js";
import { type LoraConfig, type ResolvedLoraConfig, resolveLoraConfig } from "./lora-config.js";

const what = "LoraLinear";

/**
 * A frozen linear layer with a trainable low-rank update (LoRA, arXiv 2106.09685):
 * y = x·W + (x·A)·B·scaling + bias, with W `[in, out]`, A `[in, rank]`, B `[rank, out]`.
 *
 * Gradients reach A, B (and the DoRA magnitude) and the input, never W. The object holds node ids; the tensors are in the graph.
 */
export class LoraLinear {
  /** Length of an input's last dimension. */
  readonly inFeatures!: number;
  /** Length of an output's last dimension. */
  readonly outFeatures!: number;
  /** Columns of A and rows of B. */
  readonly rank!: number;
  /** α/r, or α/√r with rsLoRA. */
  readonly scaling!: number;
  /** W `[in, out]`, which never receives a gradient here. */
  readonly frozenWeight!: NodeId;
  /** `[out]`, null without. */
  readonly bias!: NodeId | null;
  /** A `[in, rank]`, trainable. */
  readonly loraA!: NodeId;
  /** B `[rank, out]`, trainable. */
  readonly loraB!: NodeId;
  /** DoRA's magnitude `[out]`, null without. */
  readonly magnitude!: NodeId | null;
  /** The configuration with its defaults. */
  readonly config!: ResolvedLoraConfig;
  /** The layer's parts for `adaptedForward`. */
  private readonly adapted: AdaptedLayer;

  private constructor(
    fields: Omit<
      LoraLinear,
      "forward" | "trainableParams" | "merge" | "readMerged" | "clone" | "withBias" | "toString"
    >,
  ) {
    Object.assign(this, fields);
    const { frozenWeight: weight, bias, loraA, loraB, scaling, outFeatures: width, config } = fields;
    const adapters = [{ loraA, loraB, scaling, start: 0, width }];
    this.adapted = new AdaptedLayer(weight, bias, adapters, config.dropout, fields.magnitude !== null);
  }

  /**
   * A layer whose frozen weight is zero until `graph.setValue(layer.frozenWeight, …)`, without a bias until `withBias`. By default A is
   * Gaussian and B zero, so the initial output is that of W alone.
   *
   * Throws `ConfigError` for an invalid rank, alpha or dropout, and for an initialiser that returns other shapes, or zero for both A and B
   * (such a layer cannot be trained).
   */
  static create(graph: Graph, inFeatures: number, outFeatures: number, config: LoraConfig = {}): LoraLinear {
    checkGraph(what, graph);
    checkFeatures(inFeatures, outFeatures);
    const resolved = resolveLoraConfig(config);
    if (resolved.dora) {
      const details = { op: what, option: "dora", value: true };
      throw new ConfigError("LoraLinear: DoRA needs the weight's norms; use fromLinear", details);
    }
    const weight = () => graph.constant(zeros([inFeatures, outFeatures]));
    return LoraLinear.build(graph, weight, null, inFeatures, outFeatures, resolved);
  }

  /**
   * A layer on a weight of the graph, which is shared, not copied.
   *
   * @param weight `[in, out]`, not trained by this layer
   * @param bias `[out]` or null
   * Throws `ShapeError` if weight or bias have other shapes.
   */
  static fromLinear(
    graph: Graph,
    weight: NodeId,
    bias: NodeId | null,
    inFeatures: number,
    outFeatures: number,
    config: LoraConfig = {},
  ): LoraLinear {
    checkGraph(what, graph);
    checkFeatures(inFeatures, outFeatures);
    const shape = graph.shape(weight);
    const hint = sameShape(shape, [outFeatures, inFeatures]) ? "transpose PyTorch's [out, in] first: " : "";
    checkShape(what, `${hint}the weight`, shape, [inFeatures, outFeatures]);
    if (bias !== null) checkShape(what, "the bias", graph.shape(bias), [outFeatures]);
    return LoraLinear.build(graph, () => weight, bias, inFeatures, outFeatures, resolveLoraConfig(config));
  }

  private static build(
    graph: Graph,
    weight: () => NodeId,
    bias: NodeId | null,
    inFeatures: number,
    outFeatures: number,
    config: ResolvedLoraConfig,
  ): LoraLinear {
    const { rank, scaling } = config;
    return graph.allOrNothing(() => {
      const { loraA, loraB } = initialLowRank(graph, config.init, { inFeatures, outFeatures, rank });
      const frozenWeight = weight();
      const magnitude = config.dora ? initialMagnitude(graph, () => frozenWeight, { loraA, loraB, scaling }) : null;
      return new LoraLinear({
        inFeatures, outFeatures, rank, scaling, frozenWeight, bias, loraA, loraB, magnitude, config,
      }); // prettier-ignore
    });
  }

  /** Returns this layer with a frozen bias `[out]`. A, B and W are shared. */
  withBias(graph: Graph, bias: Tensor): LoraLinear {
    checkGraph(what, graph);
    const checked = checkTensor(what, bias);
    checkShape(what, "the bias", checked.shape, [this.outFeatures]);
    return new LoraLinear({ ...this, bias: graph.constant(checked) });
  }

  /**
   * y = x·W + (x·A)·B·scaling + bias. With DoRA, the first two terms are scaled to `magnitude`, column by column; as in PEFT, the norm is
   * constant in the gradient.
   *
   * @param input `[…, in]`
   * @returns `[…, out]`
   * Throws `ShapeError` if the last dimension is not `in`.
   */
  forward(graph: Graph, input: NodeId): NodeId {
    checkGraph(what, graph);
    const { adapted, magnitude } = this;
    const scale = magnitude === null ? null : () => doraScale(graph, () => adapted.weight, this, magnitude);
    return adaptedForward(graph, input, adapted, scale);
  }

  /** The parameters to optimize: A and B, and the magnitude with DoRA. */
  trainableParams(): NodeId[] {
    return [this.loraA, this.loraB, this.magnitude].filter((id) => id !== null);
  }

  /** W + A·B·scaling `[in, out]` (with DoRA, rescaled to the magnitude), the weight of an equivalent linear layer. Changes nothing. */
  merge(graph: Graph): Tensor {
    checkGraph(what, graph);
    return this.merged(this.mergedNodes().map((id) => graph.value(id)));
  }

  /** `merge` as a promise, which engines on every device have. The weight is that at the call. */
  async readMerged(graph: Graph): Promise<Tensor> {
    checkGraph(what, graph);
    return this.merged(await Promise.all(this.mergedNodes().map((id) => graph.read(id))));
  }

  private mergedNodes(): NodeId[] {
    return [this.frozenWeight, ...this.trainableParams()];
  }

  /** Adds the update to W, from the values of `mergedNodes`. */
  private merged([weight, loraA, loraB, magnitude]: Tensor[]): Tensor {
    const update = { loraA: loraA!, loraB: loraB!, scaling: this.scaling, magnitude };
    mergeUpdate(weight!.data, { first: 0, inStep: this.outFeatures, outStep: 1 }, update);
    return weight!;
  }

  /** A separate object with the same nodes. */
  clone(): LoraLinear {
    return new LoraLinear({ ...this });
  }

  /** Sizes and settings on one line; Node prints it too. */
  toString(): string {
    const { inFeatures, outFeatures, rank, config, scaling } = this;
    const { alpha, rslora, dora, dropout } = config;
    const list = [
      `LoraLinear(${inFeatures} → ${outFeatures}, rank ${rank}, alpha ${alpha}, scaling ${scaling}`,
      rslora && "rslora",
      dora && "dora",
      dropout > 0 && `dropout ${dropout}`,
      this.bias !== null && "bias",
    ];
    return `${list.filter(Boolean).join(", ")})`;
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

function checkFeatures(inFeatures: number, outFeatures: number): void {
  whole(what, "inFeatures", inFeatures, 1);
  whole(what, "outFeatures", outFeatures, 1);
}
