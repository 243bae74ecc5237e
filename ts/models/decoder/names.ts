import type { AdaptedEmbedding } from "../../adapters/adapted-embedding.js";
import type { AdaptedLinear } from "../../adapters/adapted-linear.js";
import type { OutputLayer } from "../../adapters/output-layer.js";
import { StoredWeight } from "../../graph/frozen/stored-weight.js";
import type { GraphMemory } from "../../graph/memory.js";
import { newNode } from "../../graph/node.js";
import { decodeTensor, dtypeBits, type OpenTensorFile, type WeightOptions } from "../../io/safetensors/index.js";
import type { WeightFormat } from "../../ops/product/frozen-weight.js";
import { sizeOf } from "../../values/tensor.js";
import type { LinearShape } from "../architecture.js";
import { formatOf, storedTensor } from "../stored-weights.js";
import type { WeightReader } from "../weight-reader.js";
import { constantPart, linearPart, normPart, type ReadTable, tablePart, type WeightPart } from "../weight-table.js";
import { type DecoderConfig, deltaWidths, innerWidth, sizesOf } from "./config.js";
import { expertParts, type ExpertsNames } from "./experts.js";

/** Bytes of a file's tensor that are read at a time: runtimes read fewer than 2³¹ at once. */
const PIECE = 2 ** 28;

/** Reads a table as `WeightReader.table` does, of any size: `frozenMatrix` has at most as many elements as float32 memory. */
async function readLargeTable(reader: WeightReader, path: string): Promise<AdaptedEmbedding> {
  const { graph, file, options } = reader;
  const key = reader.nameOf(`${path}.weight`);
  const format = formatOf(options.weights, file, [key]);
  const bytes = await storedPieces(graph, file, key, format, options);
  const shape = file.info(key).shape as readonly [number, number];
  const table = graph.attempt.run(() => {
    const frozen = StoredWeight.of(graph, { shape, format, transposed: false, bytes });
    const value = { shape, size: sizeOf(shape), pointer: 0 };
    return graph.push(newNode(value, false, null, undefined, undefined, undefined, true, 0, frozen));
  });
  return reader.keepTable(path, table);
}

/**
 * A matrix of any size in its stored format, as `storedTensor` makes it, read in pieces of whole rows.
 * @param most bytes of the file in a piece
 * @internal exported for its tests
 */
export async function storedPieces(
  graph: GraphMemory,
  file: OpenTensorFile,
  name: string,
  format: WeightFormat,
  options: WeightOptions,
  most = PIECE,
): Promise<readonly Uint8Array[]> {
  const [rows = 0, width = 0] = file.info(name).shape;
  const row = rowBytes(file, name, width);
  const count = Math.max(1, Math.floor(most / Math.max(1, row)));
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < rows; start += count)
    pieces.push(await storedTensor(graph, rowsOf(file, name, row, start, Math.min(rows, start + count)), name, format, options)); // prettier-ignore
  return pieces;
}

/** Bytes of a row in the file. */
function rowBytes({ grouped, info }: OpenTensorFile, name: string, width: number): number {
  if (grouped !== undefined && grouped.nearest(name) !== null) return grouped.rowBytes(name);
  return width * (dtypeBits[info(name).dtype] / 8);
}

/** A file whose tensor of this name has some of its rows alone. */
function rowsOf(file: OpenTensorFile, name: string, row: number, start: number, end: number): OpenTensorFile {
  const { grouped } = file;
  const { dtype, shape } = file.info(name);
  const info = () => ({ dtype, shape: [end - start, ...shape.slice(1)] });
  const raw: OpenTensorFile["raw"] = (_, from = 0, to = row * (end - start)) =>
    file.raw(name, row * start + from, row * start + to);
  const tensor = async () => {
    const bytes = await raw(name);
    const isGrouped = grouped !== undefined && grouped.nearest(name) !== null;
    return { shape: info().shape, data: isGrouped ? grouped.values(name, bytes) : decodeTensor(bytes, dtype, name) };
  };
  return { ...file, info, raw, tensor };
}

type Paths = Pick<LinearShape, "paths" | "tensors">;

/** Module paths of an architecture, by which its files name their tensors too. */
export interface DecoderNames {
  /** Prefix of all paths except the head's, which a bare model's file omits: "model." */
  readonly base: string;
  readonly words: string;
  /** Table of positions; null for none. */
  readonly positions: string | null;
  /** Names of the vectors that layers get of each token: their table, the layer that computes more of them from the words, and its norm. */
  readonly perLayer?: { readonly words: string; readonly projection: string; readonly norm: string };
  readonly finalNorm: string;
  readonly head: string;
  readonly layer: (i: number) => DecoderLayerNames;
}

/** Names of one layer's tensors; null for norms that it does not have. */
export interface DecoderLayerNames {
  /** Three layers, or one for all; two of a layer whose values are its keys, and one where it uses another's keys and values. */
  readonly queryKeyValue: Paths;
  /**
   * Names of a convolution in place of attention: its two gates and its input in one layer, or what a delta net makes of its input (what
   * the convolution sees, the gate, and what beta and the decay come from); and the tensor of its weights.
   */
  readonly convolutionInput?: Paths;
  readonly convolutionKernel?: string;
  /** Names of a delta net: the tensors of the decay's logarithm and of what is added to its input, and the norm over each head. */
  readonly decay?: string;
  readonly decayBias?: string;
  readonly deltaNorm?: string;
  /** Names of the output layer after attention or the convolution. */
  readonly attentionOutput: Paths;
  /** The activated layer and, if gated, the layer it is multiplied with: two layers, or one for both. */
  readonly inner: Paths;
  readonly output: Paths;
  /** Names of a layer's experts. */
  readonly experts?: ExpertsNames;
  /** Names of the norms before and after attention. */
  readonly attentionNorm: string | null;
  readonly attentionPostNorm: string | null;
  /** Names of the norms before and after the MLP. */
  readonly innerNorm: string | null;
  readonly innerPostNorm: string | null;
  readonly queryNorm: string | null;
  readonly keyNorm: string | null;
  /** Around a layer's vector of each token: the layers before and after the product with it, and the norm after both. */
  readonly vectorGate?: string;
  readonly vectorOutput?: string;
  readonly vectorNorm?: string;
  /** The tensor of the number that its result is multiplied by. */
  readonly scale?: string;
}

/** The missing norms of a layer that has norms only before attention and MLP. */
export const noFurtherNorms = { attentionPostNorm: null, innerPostNorm: null, queryNorm: null, keyNorm: null } as const;

/** A table that may have more bytes than a runtime reads at once. */
const largeTable = (path: string, shape: [rows: number, width: number]): WeightPart<AdaptedEmbedding> => ({
  ...tablePart(path, shape),
  read: (reader) => readLargeTable(reader, path),
});

/** All weights. */
export function decoderTable(config: DecoderConfig, names: DecoderNames) {
  const { hiddenSize: hidden, heads, biases, inFirst, gated, perLayer } = config;
  const linear = (paths: Paths, inFeatures: number, widths: readonly number[], hasBias: boolean) => {
    const joined = widths.reduce((sum, width) => sum + width, 0);
    const outFeatures = paths.paths.length === widths.length ? widths : joined;
    return linearPart({ ...paths, inFeatures, outFeatures, hasBias, inFirst });
  };
  const options = { hasBias: config.norm === "layer", form: config.norm };
  const norm = (path: string | null, size = hidden) => (path === null ? null : normPart(path, size, options));
  const one = (path: string, inFeatures: number, outFeatures: number) =>
    linearPart({ paths: [path], inFeatures, outFeatures, hasBias: false });
  /** Columns of all layers' vectors. */
  const vectors = (perLayer?.width ?? 0) * config.layers;
  return {
    base: names.base,
    first: {
      words: tablePart(names.words, [config.vocabularySize, hidden]),
      positions: names.positions === null ? null : tablePart(names.positions, [config.maxPositions, hidden]),
      vectors: perLayer && largeTable(names.perLayer!.words, [perLayer.rows, vectors]),
      vectorProjection: perLayer && one(names.perLayer!.projection, hidden, vectors),
      vectorNorm: perLayer && normPart(names.perLayer!.norm, perLayer.width, options),
    },
    layers: config.layers,
    layer(i: number) {
      const named = names.layer(i);
      const { convolution, delta, keysOf, keysAreValues = false } = config.attention(i);
      const { kvHeads, headDim } = sizesOf(config, i);
      const inner = innerWidth(config, i);
      const queries = (config.gatedQueries ? 2 : 1) * heads * headDim;
      const kv = kvHeads * headDim;
      const keysAndValues = keysOf !== undefined ? [] : keysAreValues ? [kv] : [kv, kv];
      /** Size of the norm of queries or keys: over all heads, or over each one. */
      const normed = (heads: number) => (config.wholeQueryKeyNorm ? heads * headDim : headDim);
      const attends = convolution === undefined;
      const { values, mixed } = delta === undefined ? { values: hidden, mixed: hidden } : deltaWidths(delta);
      const width = attends ? heads * headDim : values;
      const given =
        delta === undefined ? [hidden, hidden, hidden] : [mixed, values, delta.valueHeads, delta.valueHeads];
      const ofHeads = (name: string) => constantPart(name, [delta!.valueHeads]);
      return {
        queryKeyValue: attends
          ? linear(named.queryKeyValue, hidden, [queries, ...keysAndValues], biases.queryKeyValue)
          : null,
        convolutionInput: attends ? null : linear(named.convolutionInput!, hidden, given, false),
        convolutionKernel: attends ? null : constantPart(named.convolutionKernel!, [mixed, 1, convolution]),
        decay: delta === undefined ? null : ofHeads(named.decay!),
        decayBias: delta === undefined ? null : ofHeads(named.decayBias!),
        deltaNorm:
          delta === undefined ? null : normPart(named.deltaNorm!, delta.valueDim, { hasBias: false, form: "rms" }),
        attentionOutput: linear(named.attentionOutput, width, [hidden], attends && biases.attentionOutput),
        inner: inner === 0 ? null : linear(named.inner, hidden, gated ? [inner, inner] : [inner], biases.inner),
        output: inner === 0 ? null : linear(named.output, inner, [hidden], biases.inner),
        attentionNorm: norm(named.attentionNorm),
        queryNorm: attends ? norm(named.queryNorm, normed(heads)) : null,
        keyNorm: attends ? norm(named.keyNorm, normed(kvHeads)) : null,
        attentionPostNorm: norm(named.attentionPostNorm),
        innerNorm: norm(named.innerNorm),
        innerPostNorm: norm(named.innerPostNorm),
        ...expertParts(config, named.experts, i),
        vectorGate: perLayer && one(named.vectorGate!, hidden, perLayer.width),
        vectorOutput: perLayer && one(named.vectorOutput!, perLayer.width, hidden),
        vectorNorm: perLayer && norm(named.vectorNorm!),
        scale: config.layerScale ? constantPart(named.scale!, [1]) : null,
      };
    },
    last: { finalNorm: normPart(names.finalNorm, hidden, options), head: headPart(config, names) },
  };
}

/** All weights but the head's, by the names of a bare model. */
export function encoderTable(config: DecoderConfig, names: DecoderNames) {
  const { first, layers, layer, last } = decoderTable(config, bareNames(names));
  return { first, layers, layer, last: { finalNorm: last.finalNorm } };
}

/** The paths without their base. */
function bareNames(names: DecoderNames): DecoderNames {
  const { base, words, positions, perLayer, finalNorm, layer } = names;
  const bare = (path: string) => (path.startsWith(base) ? path.slice(base.length) : path);
  const bareOf = (name: string | Paths | ExpertsNames | null) => {
    if (name === null || typeof name === "string") return name && bare(name);
    if ("path" in name) return { ...name, path: bare(name.path) };
    return { paths: name.paths.map(bare), ...(name.tensors && { tensors: name.tensors.map(bare) }) };
  };
  return {
    ...names,
    base: "",
    words: bare(words),
    positions: positions && bare(positions),
    ...(perLayer && {
      perLayer: { words: bare(perLayer.words), projection: bare(perLayer.projection), norm: bare(perLayer.norm) },
    }),
    finalNorm: bare(finalNorm),
    layer: (i) =>
      Object.fromEntries(
        Object.entries<string | Paths | ExpertsNames | null>({ ...layer(i) }).map(([kind, name]) => [
          kind,
          bareOf(name),
        ]),
      ) as unknown as DecoderLayerNames,
  };
}

/** The output layer; if it is tied, its weight is the embedding and nothing is read. */
function headPart(
  { hiddenSize, vocabularySize, tied }: DecoderConfig,
  names: DecoderNames,
): WeightPart<AdaptedLinear | null> {
  const shape = { paths: [names.head], inFeatures: hiddenSize, outFeatures: vocabularySize, hasBias: false };
  if (!tied) return linearPart({ ...shape, output: "untied" });
  return { tensors: [], linears: [{ ...shape, output: "tied" }], read: () => Promise.resolve(null) };
}

type Table = ReadTable<ReturnType<typeof decoderTable>>;
export type DecoderLayer = Table["layers"][number];
/** Weights of the layers, without the head. */
export type LayerWeights = Omit<Table, "head">;
export type DecoderWeights = LayerWeights & { readonly output: OutputLayer };
