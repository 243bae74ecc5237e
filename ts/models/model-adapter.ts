import type { Graph, NodeId } from "../graph/graph.js";
import type { Adapter, AdapterConfig, AdapterLayer } from "../io/peft/index.js";
import type { LowRank } from "../nn/low-rank-update.js";
import type { Tensor } from "../values/tensor.js";

/** An adapter's tensors for one module, in the model's graph. */
export interface AdapterWeights extends LowRank {
  /** DoRA's `[out]`, or null. */
  readonly magnitude: NodeId | null;
  readonly rank: number;
  readonly alpha: number;
}

/** What a forward pass needs of an adapter. */
export interface AppliedAdapter {
  readonly config: AdapterConfig;
  /** Tensors by module path. */
  readonly layers: ReadonlyMap<string, AdapterWeights>;
}

/** An adapter on a model: trainable tensors by module path, and the configuration they came from. */
export class ModelAdapter implements AppliedAdapter {
  constructor(
    private readonly graph: Graph,
    /** Changed by renaming alone. */
    public name: string,
    readonly config: AdapterConfig,
    readonly layers: ReadonlyMap<string, AdapterWeights>,
  ) {}

  /** Puts the tensors of an adapter file into the graph, to be trained or not. */
  static fromFile(graph: Graph, name: string, { config, layers }: Adapter): ModelAdapter {
    return new ModelAdapter(
      graph,
      name,
      config,
      weightsOf(layers, (tensor) => graph.variable(tensor)),
    );
  }

  /** Every A and B (and magnitude), layer by layer. */
  params(): NodeId[] {
    return [...this.layers.values()].flatMap(({ loraA, loraB, magnitude }) =>
      magnitude === null ? [loraA, loraB] : [loraA, loraB, magnitude],
    );
  }

  /** The tensors as they are now. */
  toFile(): Adapter {
    const { config, graph } = this;
    const layers = new Map<string, AdapterLayer>();
    for (const [path, { loraA, loraB, magnitude, rank, alpha, scaling }] of this.layers) {
      layers.set(path, {
        kind: "linear",
        loraA: graph.value(loraA),
        loraB: graph.value(loraB),
        ...(magnitude === null ? {} : { magnitude: graph.value(magnitude) }),
        ...{ rank, alpha, scaling },
      });
    }
    return { config, layers, extra: new Map() };
  }

  /**
   * The adapter as it is now, whatever is trained, merged or removed afterwards: a function that brings it into a step
   * of the graph, as constants.
   */
  snapshot(): () => AppliedAdapter {
    const { graph } = this;
    const { config, layers } = this.toFile();
    return () => ({ config, layers: weightsOf(layers, (tensor) => graph.constant(tensor)) });
  }
}

function weightsOf(
  layers: ReadonlyMap<string, AdapterLayer>,
  place: (tensor: Tensor) => NodeId,
): Map<string, AdapterWeights> {
  const nodes = new Map<string, AdapterWeights>();
  for (const [path, { loraA, loraB, magnitude, rank, alpha, scaling }] of layers) {
    const weights = { loraA: place(loraA), loraB: place(loraB), rank, alpha, scaling };
    nodes.set(path, { ...weights, magnitude: magnitude === undefined ? null : place(magnitude) });
  }
  return nodes;
}
