import { AdapterError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { transpose } from "../io/peft/conv1d.js";
import { type Adapter, type AdapterConfig, convertPissa } from "../io/peft/index.js";
import { formatShape, type Tensor } from "../values/tensor.js";
import {
  type AdapterParts,
  type AdapterWeights,
  type AppliedAdapter,
  hostLayers,
  paramsOf,
  tensorsOf,
  type TokenRows,
  weightsOf,
  type WholeTensor,
} from "./adapter-parts.js";

/** Values of nodes at a call. On a GPU those that cannot be read at once come later: the values at the call, whatever changes them meanwhile. */
class ValuesAtCall {
  private readonly reads: Promise<void>[] = [];

  constructor(private readonly graph: Graph) {}

  /** A node's value; its data are there once `late` is resolved. */
  readonly of = (id: NodeId): Tensor => {
    const { graph } = this;
    const { pointer, size, shape } = graph.node(id).value;
    if (graph.engine.readsAtOnce(pointer, size)) return graph.value(id);
    const data = new Float32Array(size);
    this.reads.push(graph.read(id).then((read) => data.set(read.data)));
    return { shape: [...shape], data };
  };

  /** Resolves when all values are there; null if they are. */
  get late(): Promise<unknown> | null {
    return this.reads.length === 0 ? null : Promise.all(this.reads);
  }
}

/** An adapter's state at one time. */
export interface AdapterSnapshot {
  /** Adds it to the graph as constants, in a step or outside. */
  readonly place: () => AppliedAdapter;
  /** All its tensors, to compare with another's. */
  readonly held: readonly unknown[];
  /** Resolves when the tensors have their values; null if they have. */
  readonly late: Promise<unknown> | null;
}

/** An adapter on a model: trainable tensors by module path, and its configuration. */
export class ModelAdapter implements AppliedAdapter {
  private factor = 1;
  private scaled: ReadonlyMap<string, AdapterWeights>;

  constructor(
    /** The graph of its tensors. */
    readonly graph: Graph,
    /** Changed only by renaming. */
    public name: string,
    /** The parts as in files: without the factor. */
    private parts: AdapterParts,
  ) {
    this.scaled = parts.layers;
  }

  /** Puts low-rank updates of linear layers into the graph, trainable or not. */
  static ofLayers(graph: Graph, name: string, { config, layers }: Adapter): ModelAdapter {
    const nodes = weightsOf(layers, (tensor) => graph.variable(tensor));
    const none = new Map<string, never>();
    return new ModelAdapter(graph, name, { config, layers: nodes, whole: none, tokens: none, kept: none, idle: none });
  }

  /** The configuration of its values. */
  get config(): AdapterConfig {
    return this.parts.config;
  }

  get whole(): ReadonlyMap<string, WholeTensor> {
    return this.parts.whole;
  }

  get tokens(): ReadonlyMap<string, TokenRows> {
    return this.parts.tokens;
  }

  /** The tensors to apply, by module path; the scaling includes the factor. */
  get layers(): ReadonlyMap<string, AdapterWeights> {
    return this.scaled;
  }

  /** Factor of s·A·B wherever the adapter applies; default 1. Files do not record it. */
  get scale(): number {
    return this.factor;
  }

  /** @internal Called only by the adapter set, which checks that no call uses the adapter. */
  set scale(factor: number) {
    const layers = [...this.parts.layers].map(
      ([path, weights]) => [path, { ...weights, scaling: weights.scaling * factor }] as const,
    );
    [this.factor, this.scaled] = [factor, new Map(layers)];
  }

  /**
   * @internal Copies values, scalings and configuration from tensors in the graph, which stay the caller's. Throws `AdapterError`, and
   *   changes nothing, if tensors or shapes differ.
   */
  replace(what: string, given: AdapterParts): void {
    const { graph, parts } = this;
    const [own, others] = [tensorsOf(parts), tensorsOf(given)];
    for (const [name, id] of own) {
      const other = others.get(name);
      if (other === undefined) throw otherTensors(what, name, "which this adapter has");
      const [here, there] = [id, other].map((node) => formatShape(graph.shape(node)));
      if (here !== there) throw otherTensors(what, name, `which is ${here} here and ${there} in the files`);
    }
    for (const name of others.keys()) if (!own.has(name)) throw otherTensors(what, name, "which only the files have");
    for (const [name, id] of own) graph.setValue(id, graph.value(others.get(name)!));
    const layers = [...parts.layers].map(([path, weights]) => {
      const { rank, alpha, scaling } = given.layers.get(path)!;
      return [path, { ...weights, rank, alpha, scaling }] as const;
    });
    this.parts = { ...parts, config: given.config, kept: given.kept, idle: given.idle, layers: new Map(layers) };
    this.scale = this.factor;
  }

  /** Every A and B (magnitude, bias), layer by layer, then replaced tensors and rows that are trained. */
  params(): NodeId[] {
    return paramsOf(this.parts);
  }

  /** @internal All its tensors in the graph. */
  nodes(): NodeId[] {
    return [...tensorsOf(this.parts).values()];
  }

  /** The current tensors. An adapter of PiSSA or OLoRA becomes an ordinary one of twice the rank. */
  toFile(): Adapter {
    const { graph } = this;
    const { layers, kept, idle } = this.parts;
    const extra = new Map(kept);
    for (const { node, name, transposed } of this.whole.values())
      extra.set(name, transposed ? transpose(graph.value(node)) : graph.value(node));
    for (const { rows, name } of this.tokens.values()) extra.set(name, graph.value(rows));
    const taking = [...layers.values()].some(({ taken }) => taken !== null);
    const file = { config: this.config, layers: new Map([...hostLayers(graph, layers), ...idle]), extra };
    return taking ? convertPissa(file) : file;
  }

  /**
   * The adapter's current state; later training, merging or removal does not affect it.
   *
   * @param canWait whether the caller awaits `late`; else values that a GPU cannot give at once are refused with `ConfigError`
   */
  snapshot(canWait = false): AdapterSnapshot {
    const { graph, config } = this;
    const values = new ValuesAtCall(graph);
    const value = canWait ? values.of : (id: NodeId) => graph.value(id);
    const layers = hostLayers(graph, this.layers, value);
    const whole = [...this.whole].map(([name, { node, ...rest }]) => [name, value(node), rest] as const);
    const tokens = [...this.tokens].map(([path, { rows, ...rest }]) => [path, value(rows), rest] as const);
    const place = (tensor: Tensor) => graph.constant(tensor);
    return {
      late: values.late,
      held: [config, [...layers], whole, tokens],
      place: () => ({
        config,
        layers: weightsOf(layers, place),
        whole: new Map(whole.map(([name, tensor, rest]) => [name, { ...rest, node: place(tensor) }])),
        tokens: new Map(tokens.map(([path, tensor, rest]) => [path, { ...rest, rows: place(tensor) }])),
      }),
    };
  }
}

function otherTensors(what: string, tensor: string, why: string): AdapterError {
  return new AdapterError(
    `${what}: values go in place of an adapter's with the same layers and ranks; there is ${clip(tensor)}, ${why}: load it as another`,
    { op: what, tensor },
  );
}

/** An adapter whose A is constant while the rest is trained (FFA-LoRA, arXiv 2403.12313). */
export interface FrozenA {
  /** The trained parameters, in the adapter's order. */
  params(): NodeId[];
  /** The whole adapter in a step of the graph, with A as constants: no gradient is computed for them. */
  applied(): AppliedAdapter;
}

/** Freezes every A of an adapter at its current value. */
export function frozenA(graph: Graph, adapter: ModelAdapter): FrozenA {
  const values = new Map([...adapter.layers].map(([path, { loraA }]) => [path, graph.value(loraA)]));
  const frozen = new Set([...adapter.layers.values()].map(({ loraA }) => loraA));
  return {
    params: () => adapter.params().filter((id) => !frozen.has(id)),
    applied() {
      const { config, whole, tokens } = adapter;
      const layers = [...adapter.layers].map(
        ([path, weights]) => [path, { ...weights, loraA: graph.constant(values.get(path)!) }] as const,
      );
      return { config, whole, tokens, layers: new Map(layers) };
    },
  };
}
