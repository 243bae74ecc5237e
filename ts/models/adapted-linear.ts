import { ConfigError } from "../errors.js";
import type { Graph, NodeId } from "../graph/graph.js";
import type { StoredMatrix } from "../graph/stored-matrix.js";
import { doraScale } from "../nn/dora.js";
import { adaptedForward, lowRankUpdate } from "../nn/low-rank-update.js";
import type { Tensor } from "../tensor.js";
import type { AdapterWeights, AppliedAdapter } from "./model-adapter.js";

/** A module of the model that is a range of columns of a joined weight. */
export interface LinearPart {
  /** The module's path, as PEFT names it: "encoder.layer.0.attention.self.query". */
  readonly path: string;
  readonly start: number;
  readonly width: number;
}

/** A frozen linear layer of a model, one module or several on one input, to which adapters can be applied or merged. */
export class AdaptedLinear {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** The weight as loaded, while an adapter is merged: unmerging restores it, since subtracting would drift. */
  private original: StoredMatrix | null = null;

  constructor(
    private readonly graph: Graph,
    /** `[in, out]`, which `graph.frozen` made. */
    readonly weight: NodeId,
    /** `[out]` */
    readonly bias: NodeId,
    readonly parts: readonly LinearPart[],
  ) {
    [this.inFeatures, this.outFeatures] = graph.shape(weight) as [number, number];
  }

  /** y = x·W + b, plus the adapter's update where it has one for a part. x `[…, in]` → `[…, out]`. */
  forward(x: NodeId, adapter: AppliedAdapter | null): NodeId {
    const { graph, weight, bias } = this;
    const adapted = adapter === null ? [] : this.adaptedParts(adapter);
    if (adapter === null || adapted.length === 0) return graph.linear(x, weight, bias);
    const adapters = adapted.map(({ start, width, weights }) => ({ ...weights, start, width }));
    const layer = { weight, bias, adapters, dropout: adapter.config.loraDropout };
    return adaptedForward(graph, x, layer, adapter.config.useDora ? () => this.doraScale(adapted) : null);
  }

  /**
   * Writes W + s·A·B into the weight, which is float32 as long as it is merged: fewer bits would round the update away. Throws
   * `ConfigError` where one is merged already.
   */
  merge(adapter: AppliedAdapter): void {
    if (this.original !== null)
      throw new ConfigError("merge: an adapter is merged into this layer already; unmerge it first");
    const adapted = this.adaptedParts(adapter);
    if (adapted.length === 0) return;
    const { graph } = this;
    const original = graph.stored(this.weight);
    const merged = graph.step(() =>
      graph.noGrad(() => graph.value(this.mergedWeight(adapted, adapter.config.useDora))),
    );
    graph.setValue(this.weight, merged);
    this.original = original;
  }

  /** Puts the weight back as it was loaded, to the bit. */
  unmerge(): void {
    if (this.original === null) return;
    this.graph.setStored(this.weight, this.original);
    this.original = null;
  }

  /** A part's weight as it is now, in a file's orientation `[out, in]`. */
  partWeight(part: LinearPart): Tensor {
    const { inFeatures, outFeatures } = this;
    const data = new Float32Array(part.width * inFeatures);
    this.graph.view(this.weight, (weight) => {
      for (let out = 0; out < part.width; out++) {
        for (let i = 0; i < inFeatures; i++) data[out * inFeatures + i] = weight[i * outFeatures + part.start + out]!;
      }
    });
    return { shape: [part.width, inFeatures], data };
  }

  private adaptedParts(adapter: AppliedAdapter): AdaptedPart[] {
    return this.parts.flatMap((part) => {
      const weights = adapter.layers.get(part.path);
      return weights === undefined ? [] : [{ ...part, weights }];
    });
  }

  /** DoRA's factor of every column, `[out]`: magnitude over norm where there is an adapter, 1 elsewhere. */
  private doraScale(adapted: readonly AdaptedPart[]): NodeId {
    const { graph } = this;
    const ones = (width: number) => graph.constant({ shape: [width], data: new Float32Array(width).fill(1) });
    const scales: NodeId[] = this.parts.map((part) => {
      const found = adapted.find(({ path }) => path === part.path);
      if (found === undefined || found.weights.magnitude === null) return ones(part.width);
      return doraScale(graph, this.columns(part), found.weights, found.weights.magnitude);
    });
    return scales.length === 1 ? scales[0]! : graph.concat(scales, 0);
  }

  /** A part's columns of the weight, without a gradient. */
  columns({ start, width }: LinearPart): NodeId {
    return this.graph.columns(this.weight, start, start + width);
  }

  private mergedWeight(adapted: readonly AdaptedPart[], dora: boolean): NodeId {
    const { graph } = this;
    const updates = this.parts.map((part) => {
      const found = adapted.find(({ path }) => path === part.path);
      if (found === undefined)
        return graph.constant({
          shape: [this.inFeatures, part.width],
          data: new Float32Array(this.inFeatures * part.width),
        });
      return lowRankUpdate(graph, found.weights);
    });
    const merged = graph.add(this.weight, updates.length === 1 ? updates[0]! : graph.concat(updates, 1));
    return dora ? graph.mul(merged, this.doraScale(adapted)) : merged;
  }
}

type AdaptedPart = LinearPart & { readonly weights: AdapterWeights };
