import type { NodeId } from "../../graph/graph.js";
import { longestOf } from "../../ops/attention/ragged-attention.js";
import { activations } from "../activation.js";
import type { AdapterSelection } from "../../adapters/adapter-selection.js";
import { type ForwardOptions, part } from "../layer-checkpoint.js";
import type { RaggedBatch } from "../ragged-batch.js";
import { ReadModel } from "../read-model.js";
import type { EncoderConfig } from "./config.js";
import { distanceBias } from "./distance-bias.js";
import { positionRows } from "./positions.js";
import type { EncoderLayer, EncoderWeights } from "./tensors.js";

/**
 * BERT's encoder (arXiv 1810.04805) and those that differ from it by configuration and names: a norm after each sum. On
 * ragged batches, tokens `[tokens]` → last hidden state `[tokens, hidden]`. Dropout of the base is off, as in evaluation and in the PEFT recipe this follows.
 */
export class PostNormEncoder extends ReadModel<EncoderConfig, EncoderWeights> {
  /** Last hidden state, recorded for `backward`. */
  override forward(batch: RaggedBatch, selection: AdapterSelection, options: ForwardOptions = {}): NodeId {
    let x = part(this.graph, options, [], () => this.embed(batch, selection));
    for (let i = 0; i < this.config.layers; i++)
      x = part(this.graph, options, [x], (input) => this.layer(input, this.weightsOf(i), batch, selection));
    return x;
  }

  /** Last hidden state without a gradient, in the memory of half a layer. */
  override infer(batch: RaggedBatch, selection: AdapterSelection): NodeId {
    const { graph, config } = this;
    // What a layer reads is made within its own scope, and gone as soon as it was read.
    const after = (layers: number): NodeId =>
      graph.scope(() => {
        if (layers === 0) return this.embed(batch, selection);
        const layer = this.weightsOf(layers - 1);
        const attended = graph.scope(() => this.attend(after(layers - 1), layer, batch, selection));
        return this.feedForward(attended, layer, selection);
      });
    return after(config.layers);
  }

  /** The weights of layer `i`: each of those that are there serves as many layers, one after the other or in turn. */
  private weightsOf(i: number): EncoderLayer {
    return this.weights.layers[this.config.ownLayer?.(i) ?? i]!;
  }

  private embed(batch: RaggedBatch, selection: AdapterSelection): NodeId {
    const { graph, weights } = this;
    const words = weights.words.forward(batch.ids, selection);
    const places = weights.positions.forward(positionRows(batch, this.config), selection);
    const sum = graph.add(words, places);
    const typed =
      weights.type === null ? sum : graph.add(sum, weights.type.first(batch.ids.length, selection, batch.types));
    const x = this.norm(typed, weights.embeddingNorm, selection);
    return weights.projection === null ? x : weights.projection.forward(x, selection);
  }

  private layer(x: NodeId, layer: EncoderLayer, batch: RaggedBatch, selection: AdapterSelection): NodeId {
    return this.feedForward(this.attend(x, layer, batch, selection), layer, selection);
  }

  private attend(x: NodeId, layer: EncoderLayer, { offsets }: RaggedBatch, selection: AdapterSelection): NodeId {
    const { graph, config } = this;
    const qkv = layer.queryKeyValue.forward(x, selection);
    const { distances } = this.weights;
    const near = distances === null ? {} : { distanceBias: distanceBias(graph, distances, longestOf(offsets)) };
    const context = graph.raggedAttention(qkv, { offsets, heads: config.heads, ...near });
    return this.norm(graph.add(layer.attentionOutput.forward(context, selection), x), layer.attentionNorm, selection);
  }

  private feedForward(attended: NodeId, layer: EncoderLayer, selection: AdapterSelection): NodeId {
    const { graph, config } = this;
    const inner = activations[config.activation](graph, layer.intermediate.forward(attended, selection));
    return this.norm(graph.add(layer.output.forward(inner, selection), attended), layer.outputNorm, selection);
  }
}
