import { AdapterError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import type { Graph, NodeId } from "../graph/graph.js";
import type { Adapter, AdapterConfig, AdapterLayer } from "../io/peft/index.js";
import type { LowRank } from "../nn/low-rank-update.js";
import { formatShape, type Tensor } from "../values/tensor.js";

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
    private current: AdapterConfig,
    /** As files have them: without the factor. */
    private unscaled: ReadonlyMap<string, AdapterWeights>,
  ) {
    this.scaled = unscaled;
  }

  /** The configuration that its values came from. */
  get config(): AdapterConfig {
    return this.current;
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

  /**
   * @internal Takes the values, scalings and configuration of a file that fits the model. Throws `AdapterError`, and changes nothing,
   * where its layers or their shapes are others.
   */
  replace(what: string, { config, layers }: Adapter): void {
    const values = new Map<NodeId, Tensor>();
    const replaced = new Map<string, AdapterWeights>();
    for (const [path, weights] of this.unscaled) {
      const layer = layers.get(path);
      if (layer === undefined) throw otherLayers(what, path, "which this adapter has");
      for (const name of ["loraA", "loraB", "magnitude"] as const) {
        const [id, tensor] = [weights[name], layer[name]];
        const [own, given] = [id === null ? null : this.graph.shape(id), tensor?.shape ?? null];
        if (String(own) !== String(given))
          throw otherLayers(what, path, `whose ${name} is ${shown(own)} here and ${shown(given)} in the files`);
        if (id !== null) values.set(id, tensor!);
      }
      replaced.set(path, { ...weights, rank: layer.rank, alpha: layer.alpha, scaling: layer.scaling });
    }
    for (const path of layers.keys())
      if (!this.unscaled.has(path)) throw otherLayers(what, path, "which only the files have");
    for (const [id, tensor] of values) this.graph.setValue(id, tensor);
    [this.current, this.unscaled] = [config, replaced];
    this.scale = this.factor;
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

const shown = (shape: readonly number[] | null) => (shape === null ? "not there" : formatShape(shape));

function otherLayers(what: string, path: string, why: string): AdapterError {
  return new AdapterError(
    `${what}: values go in place of an adapter's with the same layers and ranks; there is ${clip(path)}, ${why}: load it as another`,
    { op: what, module: path },
  );
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
