import type { Graph, NodeId } from "../graph/graph.js";
import type { Adapter, AdapterConfig, AdapterLayer } from "../io/peft/index.js";
import type { LowRank } from "../nn/low-rank-update.js";

/** An adapter's tensors for one module, in the model's graph. */
export interface AdapterWeights extends LowRank {
  /** DoRA's `[out]`, or null. */
  readonly magnitude: NodeId | null;
  readonly rank: number;
  readonly alpha: number;
}

/** An adapter on a model: trainable tensors by module path, and the configuration they came from. */
export class ModelAdapter {
  constructor(
    private readonly graph: Graph,
    readonly name: string,
    readonly config: AdapterConfig,
    readonly layers: ReadonlyMap<string, AdapterWeights>,
  ) {}

  /** Puts the tensors of an adapter file into the graph. */
  static fromFile(graph: Graph, name: string, { config, layers }: Adapter): ModelAdapter {
    const nodes = new Map<string, AdapterWeights>();
    for (const [path, { loraA, loraB, magnitude, rank, alpha, scaling }] of layers) {
      nodes.set(path, {
        loraA: graph.variable(loraA),
        loraB: graph.variable(loraB),
        magnitude: magnitude === undefined ? null : graph.variable(magnitude),
        rank,
        alpha,
        scaling,
      });
    }
    return new ModelAdapter(graph, name, config, nodes);
  }

  /** Probability of dropout on the adapters' input while training. */
  get dropout(): number {
    return this.config.loraDropout;
  }

  /** Every A and B (and magnitude), layer by layer. */
  params(): NodeId[] {
    return [...this.layers.values()].flatMap(({ loraA, loraB, magnitude }) =>
      magnitude === null ? [loraA, loraB] : [loraA, loraB, magnitude],
    );
  }

  /** The tensors as they are now. */
  toFile(): Adapter {
    const layers = new Map<string, AdapterLayer>();
    for (const [path, weights] of this.layers) {
      layers.set(path, {
        kind: "linear",
        loraA: this.graph.value(weights.loraA),
        loraB: this.graph.value(weights.loraB),
        ...(weights.magnitude === null ? {} : { magnitude: this.graph.value(weights.magnitude) }),
        rank: weights.rank,
        alpha: weights.alpha,
        scaling: weights.scaling,
      });
    }
    return { config: this.config, layers, extra: new Map() };
  }
}
