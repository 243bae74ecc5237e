import type { AdapterSelection } from "../../adapters/adapter-selection.js";
import type { NodeId } from "../../graph/graph.js";
import { activations } from "../activation.js";
import { type ForwardOptions, part } from "../layer-checkpoint.js";
import type { RaggedBatch } from "../ragged-batch.js";
import { ReadModel } from "../read-model.js";
import type { RotaryConfig } from "./config.js";
import { frequenciesOf, rotate, type Rotation, rotationOf } from "./rotary.js";
import type { RotaryLayer, RotaryWeights } from "./tensors.js";

/** The rotation of a batch's tokens, by its base. */
type Rotations = (theta: number) => Rotation;

/**
 * An encoder whose queries and keys are turned by their positions and whose inner layer is gated (GLU, arXiv 2002.05202), with
 * norms before or after. On ragged batches; dropout of the base is off.
 */
export class RotaryEncoder extends ReadModel<RotaryConfig, RotaryWeights> {
  override forward(batch: RaggedBatch, selection: AdapterSelection, options: ForwardOptions = {}): NodeId {
    const rotations = this.rotations(batch);
    let x = part(this.graph, options, [], () => this.embed(batch, selection));
    for (let i = 0; i < this.config.layers; i++)
      x = part(this.graph, options, [x], (input) =>
        this.feedForward(this.attend(input, i, batch, rotations, selection), i, selection),
      );
    return this.norm(x, this.weights.finalNorm, selection);
  }

  override infer(batch: RaggedBatch, selection: AdapterSelection): NodeId {
    const { graph, config } = this;
    const rotations = this.rotations(batch);
    const after = (layers: number): NodeId =>
      graph.scope(() => {
        if (layers === 0) return this.embed(batch, selection);
        const attended = graph.scope(() => this.attend(after(layers - 1), layers - 1, batch, rotations, selection));
        return this.feedForward(attended, layers - 1, selection);
      });
    return graph.scope(() => this.norm(after(config.layers), this.weights.finalNorm, selection));
  }

  private embed({ ids, types }: RaggedBatch, selection: AdapterSelection): NodeId {
    const { graph, weights } = this;
    const words = weights.words.forward(ids, selection);
    const typed = weights.type === null ? words : graph.add(words, weights.type.first(ids.length, selection, types));
    return this.norm(typed, weights.embeddingNorm, selection);
  }

  private attend(
    x: NodeId,
    i: number,
    { offsets }: RaggedBatch,
    rotations: Rotations,
    selection: AdapterSelection,
  ): NodeId {
    const { graph, config } = this;
    const { heads, preNorm } = config;
    const { queryKeyValue, attentionOutput, attentionNorm } = this.layer(i);
    const { theta, window } = config.attention(i);
    const qkv = queryKeyValue.forward(preNorm ? this.norm(x, attentionNorm, selection) : x, selection);
    const turned = rotate(graph, qkv, heads, rotations(theta));
    const context = graph.raggedAttention(turned, { offsets, heads, ...(window === null ? {} : { window }) });
    const sum = graph.add(attentionOutput.forward(context, selection), x);
    return preNorm ? sum : this.norm(sum, attentionNorm, selection);
  }

  private feedForward(x: NodeId, i: number, selection: AdapterSelection): NodeId {
    const { graph, config } = this;
    const { preNorm, intermediateSize: inner } = config;
    const { gated, output, outputNorm } = this.layer(i);
    const both = gated.forward(preNorm ? this.norm(x, outputNorm, selection) : x, selection);
    const active = activations[config.activation](graph, graph.slice(both, { dim: 1, start: 0, end: inner }));
    const product = graph.mul(active, graph.slice(both, { dim: 1, start: inner, end: 2 * inner }));
    const sum = graph.add(output.forward(product, selection), x);
    return preNorm ? sum : this.norm(sum, outputNorm, selection);
  }

  private layer(i: number): RotaryLayer {
    return this.weights.layers[i]!;
  }

  /** Made when first asked for: layers share one or two. */
  private rotations({ positions }: RaggedBatch): Rotations {
    const known = new Map<number, Rotation>();
    const headDim = this.config.hiddenSize / this.config.heads;
    return (theta) => {
      const rotation = known.get(theta) ?? rotationOf(positions, frequenciesOf(headDim, theta));
      known.set(theta, rotation);
      return rotation;
    };
  }
}
