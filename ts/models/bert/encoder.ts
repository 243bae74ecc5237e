import type { Graph, NodeId } from "../../graph/graph.js";
import type { AdaptedLinear } from "../adapted-linear.js";
import type { AdapterSelection } from "../adapter-selection.js";
import type { RaggedBatch } from "../ragged-batch.js";
import type { BertConfig } from "./config.js";
import type { BertLayer, BertWeights, LayerNormWeights } from "./weights.js";

/**
 * BERT's encoder (arXiv 1810.04805), post-norm, on ragged batches: tokens `[tokens]` → last hidden state
 * `[tokens, hidden]`. Dropout of the base is off, as in evaluation and in the PEFT recipe this follows.
 */
export class BertEncoder {
  constructor(
    readonly graph: Graph,
    readonly config: BertConfig,
    private readonly weights: BertWeights,
  ) {}

  /** Every linear layer, in the order of the forward pass. */
  linears(): AdaptedLinear[] {
    return this.weights.layers.flatMap((layer) => [
      layer.queryKeyValue,
      layer.attentionOutput,
      layer.intermediate,
      layer.output,
    ]);
  }

  /** Last hidden state, recorded for `backward`. */
  forward(batch: RaggedBatch, selection: AdapterSelection): NodeId {
    return this.weights.layers.reduce((x, layer) => this.layer(x, layer, batch, selection), this.embed(batch));
  }

  /** Last hidden state without a gradient, in the memory of half a layer. */
  infer(batch: RaggedBatch, selection: AdapterSelection): NodeId {
    const { graph, weights } = this;
    // What a layer reads is made within its own scope, and gone as soon as it was read.
    const after = (layers: number): NodeId =>
      graph.scope(() => {
        if (layers === 0) return this.embed(batch);
        const layer = weights.layers[layers - 1]!;
        const attended = graph.scope(() => this.attend(after(layers - 1), layer, batch, selection));
        return this.feedForward(attended, layer, selection);
      });
    return after(weights.layers.length);
  }

  private embed({ ids, positions }: RaggedBatch): NodeId {
    const { graph, weights } = this;
    const words = graph.embedding(weights.words, ids);
    const places = graph.embedding(weights.positions, positions);
    return this.norm(graph.add(graph.add(words, places), weights.type), weights.embeddingNorm);
  }

  private layer(x: NodeId, layer: BertLayer, batch: RaggedBatch, selection: AdapterSelection): NodeId {
    return this.feedForward(this.attend(x, layer, batch, selection), layer, selection);
  }

  private attend(x: NodeId, layer: BertLayer, { offsets }: RaggedBatch, selection: AdapterSelection): NodeId {
    const { graph, config } = this;
    const qkv = layer.queryKeyValue.forward(x, selection);
    const context = graph.raggedAttention(qkv, { offsets, heads: config.heads });
    return this.norm(graph.add(layer.attentionOutput.forward(context, selection), x), layer.attentionNorm);
  }

  private feedForward(attended: NodeId, layer: BertLayer, selection: AdapterSelection): NodeId {
    const { graph } = this;
    const inner = this.activate(layer.intermediate.forward(attended, selection));
    return this.norm(graph.add(layer.output.forward(inner, selection), attended), layer.outputNorm);
  }

  private activate(x: NodeId): NodeId {
    const { graph, config } = this;
    if (config.activation === "relu") return graph.relu(x);
    return graph.gelu(x, { approximate: config.activation === "gelu" ? "none" : "tanh" });
  }

  private norm(x: NodeId, { weight, bias }: LayerNormWeights): NodeId {
    const { hiddenSize, layerNormEps } = this.config;
    return this.graph.layerNorm(x, weight, bias, { normalizedShape: [hiddenSize], eps: layerNormEps });
  }
}
