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
  private factor = 1;
  private scaled: ReadonlyMap<string, AdapterWeights>;

  constructor(
    private readonly graph: Graph,
    /** Changed by renaming alone. */
    public name: string,
    readonly config: AdapterConfig,
    /** As files have them: without the factor. */
    private readonly unscaled: ReadonlyMap<string, AdapterWeights>,
  ) {
    this.scaled = unscaled;
  }

  /** What applies: tensors by module path, with the scaling times the factor. */
  get layers(): ReadonlyMap<string, AdapterWeights> {
    return this.scaled;
  }

  /** What s·A·B is multiplied by where the adapter applies; 1 unless it was set. It is no part of the adapter's files. */
  get scale(): number {
    return this.factor;
  }

  /** @internal Set by the adapters' set alone, which sees to it that nobody is using the adapter. */
  set scale(factor: number) {
    const layers = [...this.unscaled].map(
      ([path, weights]) => [path, { ...weights, scaling: weights.scaling * factor }] as const,
    );
    [this.factor, this.scaled] = [factor, new Map(layers)];
  }

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
    return { config: this.config, layers: hostLayers(this.graph, this.unscaled), extra: new Map() };
  }

  /**
   * The adapter as it is now, whatever is trained, merged or removed afterwards: a function that brings it into a step
   * of the graph, as constants.
   */
  snapshot(): () => AppliedAdapter {
    const { graph, config } = this;
    const layers = hostLayers(graph, this.layers);
    return () => ({ config, layers: weightsOf(layers, (tensor) => graph.constant(tensor)) });
  }
}

/** A module's tensors on the host. */
export function hostWeights(graph: Graph, weights: AdapterWeights): AdapterLayer {
  const { loraA, loraB, magnitude, rank, alpha, scaling } = weights;
  return {
    kind: "linear",
    loraA: graph.value(loraA),
    loraB: graph.value(loraB),
    ...(magnitude === null ? {} : { magnitude: graph.value(magnitude) }),
    ...{ rank, alpha, scaling },
  };
}

const hostLayers = (graph: Graph, layers: ReadonlyMap<string, AdapterWeights>) =>
  new Map([...layers].map(([path, weights]) => [path, hostWeights(graph, weights)] as const));

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
