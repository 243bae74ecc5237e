import type { AdaptedEmbedding } from "../adapters/adapted-embedding.js";
import type { AdaptedLinear } from "../adapters/adapted-linear.js";
import type { AdaptedNorm } from "../adapters/adapted-norm.js";
import type { Graph, NodeId } from "../graph/graph.js";
import type { OpenTensorFile } from "../io/safetensors/index.js";
import type { AdapterSelection } from "../adapters/adapter-selection.js";
import type { RaggedBatch } from "./ragged-batch.js";
import {
  type ForwardOptions,
  linear,
  type LinearShape,
  type LoadWeightOptions,
  type NamedShape,
  norm,
  type StepSize,
  type TransformerConfig,
  type TransformerModel,
} from "./architecture.js";
import { checkTensors } from "./file-tensors.js";
import { type NormOptions, WeightReader } from "./weight-reader.js";

/** A part of a model's weights. */
export interface WeightPart<T> {
  /** The tensors that a file must have for it. */
  readonly tensors: readonly NamedShape[];
  /** Linear layers that adapters may change; default none. */
  readonly linears?: readonly LinearShape[];
  readonly read: (reader: WeightReader) => Promise<T>;
}

/** Parts by name; null for those that a model does not have. */
type Parts = Readonly<Record<string, WeightPart<unknown> | null>>;

/**
 * All weights of a model, from which the names and shapes of its tensors, its linear layers and its loading follow. The order of parts
 * is that of fingerprints: it must not change.
 */
export interface WeightTable<First extends Parts, Layer extends Parts, Last extends Parts> {
  readonly first: First;
  readonly layers: number;
  /** Called for one layer at a time: a config may speak of more than anything could hold. */
  readonly layer: (i: number) => Layer;
  readonly last: Last;
  /** What the names of its tensors begin with that the file of a bare model leaves out; default nothing. */
  readonly base?: string;
}

type AnyTable = WeightTable<Parts, Parts, Parts>;

type Read<P extends Parts> = {
  readonly [K in keyof P]: P[K] extends WeightPart<infer T> | null ? T | Extract<P[K], null> : never;
};

/** Weights that were read, frozen, in a graph. */
export type ReadTable<T extends AnyTable> = Read<T["first"]> &
  Read<T["last"]> & {
    readonly layers: readonly Read<ReturnType<T["layer"]>>[];
    /** All linear layers, in the order of the table. */
    readonly linears: readonly AdaptedLinear[];
    /** The norms and tables among the parts, which adapters may change too. */
    readonly norms: readonly AdaptedNorm[];
    readonly tables: readonly AdaptedEmbedding[];
    /** Paths of optional layers that the file does not have. */
    readonly absent: readonly string[];
  };

/** Linear layers on one input, side by side. */
export const linearPart = (shape: LinearShape): WeightPart<AdaptedLinear> => ({
  tensors: linear(shape),
  linears: shape.adaptable === false ? [] : [shape],
  read: (reader) => reader.linear(shape),
});

/** A norm of so many features. */
export const normPart = (path: string, size: number, options: NormOptions = {}): WeightPart<AdaptedNorm> => ({
  tensors: norm(options.name ?? path, size, options.hasBias),
  read: (reader) => reader.norm(path, options),
});

/** A tensor by itself, by its name, in float32, which adapters do not change. */
export const constantPart = (name: string, shape: readonly number[]): WeightPart<NodeId> => ({
  tensors: [{ name, shape }],
  read: (reader) => reader.constant(name),
});

/** A table whose rows are looked up. */
export const tablePart = (path: string, shape: [rows: number, width: number]): WeightPart<AdaptedEmbedding> => ({
  tensors: [{ name: `${path}.weight`, shape }],
  read: (reader) => reader.table(path),
});

/** The table of token types, of which all texts have row 0; null where there are none. */
export function typesPart(
  path: string,
  [rows, width]: [rows: number, width: number],
): WeightPart<AdaptedEmbedding> | null {
  if (rows === 0) return null;
  return {
    tensors: [{ name: `${path}.weight`, shape: [rows, width], rows: 1 }],
    read: (reader) => reader.smallTable(path),
  };
}

function* groupsOf({ first, layers, layer, last }: AnyTable): Generator<Parts> {
  yield first;
  for (let i = 0; i < layers; i++) yield layer(i);
  yield last;
}

interface Lists {
  readonly tensors: NamedShape;
  readonly linears: LinearShape;
}
type Listing = { readonly [K in keyof Lists]?: readonly Lists[K][] };

/** What all parts of a table list under a name. */
function* listed<K extends keyof Lists>(table: AnyTable, name: K): Generator<Lists[K]> {
  for (const group of groupsOf(table))
    for (const part of Object.values<Listing | null>(group)) yield* part?.[name] ?? [];
}

/** What of a plan follows from a table of weights. `make` makes the model of those that were read. */
export function planOf<C, First extends Parts, Layer extends Parts, Last extends Parts, M>(
  config: C,
  table: WeightTable<First, Layer, Last>,
  traits: ModelTraits,
  make: (graph: Graph, weights: ReadTable<WeightTable<First, Layer, Last>>) => M,
) {
  return {
    config,
    base: table.base,
    tensors: () => listed(table, "tensors"),
    linears: () => listed(table, "linears"),
    ...traits,
    load: async (graph: Graph, file: OpenTensorFile, options: LoadWeightOptions) =>
      make(graph, await readTable(graph, file, table, options)),
  };
}

/** Loads a part by itself. Throws as `ModelPlan.load`. */
export const readPart = <T>(graph: Graph, file: OpenTensorFile, part: WeightPart<T>, options: LoadWeightOptions) =>
  part.read(new WeightReader(graph, file, checkTensors(file, part.tensors), options));

/** Loads the tensors one by one. Throws as `ModelPlan.load`. */
async function readTable<First extends Parts, Layer extends Parts, Last extends Parts>(
  graph: Graph,
  file: OpenTensorFile,
  table: WeightTable<First, Layer, Last>,
  options: LoadWeightOptions,
): Promise<ReadTable<WeightTable<First, Layer, Last>>> {
  const reader = new WeightReader(graph, file, checkTensors(file, listed(table, "tensors"), table.base), options);
  const groups: Record<string, unknown>[] = [];
  for (const group of groupsOf(table)) {
    const read: Record<string, unknown> = {};
    for (const [name, part] of Object.entries(group)) read[name] = part && (await part.read(reader));
    groups.push(read);
  }
  const { linears, norms, tables, absent } = reader;
  const [first, ...layers] = groups;
  return { ...first, ...layers.pop(), layers, linears, norms, tables, absent } as never;
}

/** Properties of a model beside its weights. */
export interface ModelTraits {
  readonly normEps: number;
  /** Bytes that one batch takes without gradients. */
  readonly inferenceMemory: (tokens: number) => number;
  /** Bytes that the tape of one training step takes. */
  readonly stepMemory: (step: StepSize) => number;
}

/** The base class of models whose weights a `WeightTable` describes. */
export abstract class ReadModel<C extends TransformerConfig, W extends Weights> implements TransformerModel {
  readonly norms: readonly AdaptedNorm[];
  readonly tables: readonly AdaptedEmbedding[];
  readonly absent: readonly string[];

  constructor(
    readonly graph: Graph,
    readonly config: C,
    protected readonly weights: W,
    private readonly traits: ModelTraits,
  ) {
    ({ norms: this.norms, tables: this.tables, absent: this.absent } = weights);
  }

  abstract forward(batch: RaggedBatch, selection: AdapterSelection, options?: ForwardOptions): NodeId;
  abstract infer(batch: RaggedBatch, selection: AdapterSelection): NodeId;

  stepMemory(step: StepSize): number {
    return this.traits.stepMemory(step);
  }

  linears(): readonly AdaptedLinear[] {
    return this.weights.linears;
  }

  /** x itself where the model has no such norm. */
  protected norm(x: NodeId, norm: AdaptedNorm | null, selection: AdapterSelection): NodeId {
    return norm === null ? x : norm.forward(x, selection, this.traits.normEps);
  }
}

interface Weights {
  readonly linears: readonly AdaptedLinear[];
  readonly norms: readonly AdaptedNorm[];
  readonly tables: readonly AdaptedEmbedding[];
  readonly absent: readonly string[];
}
