import { ModelError } from "../../errors/errors.js";
import { expertProducts, gated, scattered, timesTable } from "../../graph/decoder-ops.js";
import { frozenMatrix } from "../../graph/frozen/stored-weight.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { decodeTensor, type OpenTensorFile } from "../../io/safetensors/index.js";
import type { NamedShape } from "../architecture.js";
import { type Activation, type ConfigJson, gatedOf, whole } from "../config-values.js";
import { formatOf, storedTensor } from "../stored-weights.js";
import { presentTensors } from "../file-tensors.js";
import type { WeightReader } from "../weight-reader.js";
import { constantPart, type WeightPart } from "../weight-table.js";
import { type DecoderConfig, expertsOf, type ExpertsShape } from "./config.js";

/** Which experts each token of a pass goes to: a list of pairs of a token and an expert, in two orders. */
interface Routes {
  /** Element `token · experts + expert` of the scores, of each pair by token, its experts in their own order: `[tokens · chosen]`. */
  readonly places: Int32Array;
  /** The pairs of token and expert, sorted by expert and then by token: the pair's number by token, and its token. */
  readonly pairs: Int32Array;
  readonly tokens: Int32Array;
  /** The experts that have tokens. */
  readonly experts: readonly number[];
  /** Where the pairs of each of these begin and, last, the number of pairs. */
  readonly offsets: Int32Array;
}

/**
 * The experts with the highest scores of each token, the first of equal ones. A token's choice depends on its own scores alone.
 *
 * @param scores `[tokens, experts]`
 * @param bias added to the scores for the choice alone
 * @internal exported for its tests
 */
export function routesOf(scores: Float32Array, experts: number, chosen: number, bias: Float32Array | null): Routes {
  const rows = scores.length / experts;
  const places = new Int32Array(rows * chosen);
  const counts = new Int32Array(experts + 1);
  const isChosen = new Uint8Array(experts);
  for (let row = 0, pair = 0; row < rows; row++) {
    const first = row * experts;
    isChosen.fill(0);
    for (let n = 0; n < chosen; n++) isChosen[highest(scores, first, bias, isChosen)] = 1;
    for (let e = 0; e < experts; e++) {
      if (isChosen[e] === 0) continue;
      places[pair++] = first + e;
      counts[e + 1]! += 1;
    }
  }
  for (let e = 0; e < experts; e++) counts[e + 1]! += counts[e]!;
  const used = Array.from({ length: experts }, (_, e) => e).filter((e) => counts[e + 1]! > counts[e]!);
  const offsets = Int32Array.from([...used.map((e) => counts[e]!), places.length]);
  const [pairs, tokens] = [new Int32Array(places.length), new Int32Array(places.length)];
  places.forEach((place, pair) => {
    const at = counts[place % experts]!++;
    pairs[at] = pair;
    tokens[at] = Math.floor(place / experts);
  });
  return { places, pairs, tokens, experts: used, offsets };
}

/** The expert with the highest score among those not yet chosen; NaN is never higher. */
function highest(scores: Float32Array, first: number, bias: Float32Array | null, isChosen: Uint8Array): number {
  let [best, most] = [-1, NaN];
  for (let e = 0; e < isChosen.length; e++) {
    if (isChosen[e] === 1) continue;
    const score = bias === null ? scores[first + e]! : Math.fround(scores[first + e]! + bias[e]!);
    if (best < 0 || score > most || (Number.isNaN(most) && !Number.isNaN(score))) [best, most] = [e, score];
  }
  return best;
}

/** The weights of a mixture of experts, in a layer that has one. */
interface ExpertsWeights {
  /** `[experts, hidden]` */
  readonly router: NodeId | null;
  /** Added to the scores for the choice alone, `[experts]`; null for none. */
  readonly routerBias: NodeId | null;
  /** Weights of each expert: `[hidden, 2·width]`, of which the first half is activated, and `[width, hidden]`. */
  readonly expertInputs: readonly NodeId[] | null;
  readonly expertOutputs: readonly NodeId[] | null;
}

/**
 * A sparse mixture of experts (arXiv 1701.06538): each token goes through the gated layers of its best experts, and the sum of their
 * results, weighted by the router, is its own. x `[tokens, hidden]`. The choice is constant; the weights pass a gradient to the router's
 * input. Each expert multiplies its tokens in one product; a token's bits do not depend on the others.
 */
export function mixtureOf(
  graph: Graph,
  x: NodeId,
  { router, routerBias, expertInputs: inputs, expertOutputs: outputs }: ExpertsWeights,
  shape: ExpertsShape,
  activation: Activation,
): NodeId {
  const tokens = graph.shape(x)[0]!;
  const logits = timesTable(graph, x, router!);
  const scores = shape.weights === "sigmoid" ? graph.sigmoid(logits) : logits;
  const bias = routerBias === null ? null : graph.value(routerBias).data;
  const routes = routesOf(graph.value(scores).data, shape.count, shape.chosen, bias);
  const active = gated(
    graph,
    expertProducts(graph, graph.embedding(x, routes.tokens), inputs!, routes),
    gatedOf(activation),
  );
  const weighted = graph.mul(
    expertProducts(graph, active, outputs!, routes),
    pairWeights(graph, scores, routes, shape),
  );
  return scattered(graph, weighted, routes.tokens, tokens);
}

/** The weight of each pair, `[pairs, 1]`, in the order of experts. */
function pairWeights(graph: Graph, scores: NodeId, { places, pairs }: Routes, shape: ExpertsShape): NodeId {
  const { count, chosen, weights, normed, factor } = shape;
  const rows = graph.shape(scores)[0]!;
  const all = weights === "softmax" && !normed ? graph.softmax(scores) : scores;
  const found = graph.embedding(graph.reshape(all, [rows * count, 1]), places);
  const byToken = graph.reshape(found, [rows, chosen]);
  const share = weights === "softmax" && normed ? graph.softmax(byToken) : normed ? shared(graph, byToken) : byToken;
  const scaled = factor === 1 ? share : graph.mul(share, numberOf(graph, factor));
  return graph.embedding(graph.reshape(scaled, [rows * chosen, 1]), pairs);
}

/** Each over the sum of its row, which may be almost nothing. */
const shared = (graph: Graph, x: NodeId) =>
  graph.div(x, graph.add(graph.sum(x, { dim: 1, keepDim: true }), numberOf(graph, 1e-6)));

const numberOf = (graph: Graph, value: number) => graph.constant({ shape: [], data: Float32Array.of(value) });

/** Names of a mixture of experts, below the path of its module. Of several names of a tensor, a file has one. */
export interface ExpertsNames {
  readonly path: string;
  /** `[experts, hidden]` */
  readonly router: readonly string[];
  /** `[experts]`, added to the scores for the choice alone; null for none. */
  readonly bias: string | null;
  /** `[experts, 2·width, hidden]`: the first half of an expert's rows is activated. */
  readonly input: readonly string[];
  /** `[experts, hidden, width]` */
  readonly output: readonly string[];
  /** Modules of one expert, below `experts` and its number, that files may have in place of both: activated, factor, last. */
  readonly parts: readonly [activated: string, factor: string, last: string];
}

/** The parts of a layer with experts; null where it has none. */
interface ExpertsParts {
  readonly router: WeightPart<NodeId> | null;
  readonly routerBias: WeightPart<NodeId> | null;
  readonly expertInputs: WeightPart<readonly NodeId[]> | null;
  readonly expertOutputs: WeightPart<readonly NodeId[]> | null;
}

/** Weights of the experts in layer `i`. */
export function expertParts(config: DecoderConfig, names: ExpertsNames | undefined, i: number): ExpertsParts {
  const experts = expertsOf(config, i);
  if (experts === null || names === undefined)
    return { router: null, routerBias: null, expertInputs: null, expertOutputs: null };
  const { count, width, bias } = experts;
  const { hiddenSize: hidden } = config;
  const { path, parts } = names;
  /** A tensor by one of several names, or by those of its parts. */
  const named = (own: readonly string[], shape: readonly number[], instead: () => readonly NamedShape[][]) => {
    const [first, ...others] = own.map((name) => ({ name: `${path}.${name}`, shape }));
    return { ...first!, instead: () => [...others.map((other) => [other]), ...instead()] };
  };
  /** Matrices of each expert's own modules, in one tensor for each module or in one for each expert. */
  const modules = (out: number, inFeatures: number, own: readonly string[]) => () => [
    own.map((part) => ({ name: `${path}.experts.${part}.weight`, shape: [count, out, inFeatures] })),
    Array.from({ length: count }, (_, e) =>
      own.map((part) => ({ name: `${path}.experts.${e}.${part}.weight`, shape: [out, inFeatures] })),
    ).flat(),
  ];
  const input = named(names.input, [count, 2 * width, hidden], modules(width, hidden, parts.slice(0, 2)));
  const output = named(names.output, [count, hidden, width], modules(hidden, width, parts.slice(2)));
  return {
    router: routerPart(named(names.router, [count, hidden], () => [])),
    routerBias: bias && names.bias !== null ? constantPart(`${path}.${names.bias}`, [count]) : null,
    expertInputs: matricesPart(input),
    expertOutputs: matricesPart(output),
  };
}

/** The router, in float32 whatever the matrices are: its rounding would choose other experts. */
const routerPart = (shape: NamedShape): WeightPart<NodeId> => ({
  tensors: [{ ...shape, exact: true }],
  read: (reader) => reader.constant([...presentTensors(reader.file, [shape], reader.nameOf)][0]!.name),
});

/** Matrices `[out, in]` of all experts: `[experts, out, in]` in one tensor, or in those that a file has in its place. */
const matricesPart = (shape: NamedShape): WeightPart<readonly NodeId[]> => ({
  tensors: [{ ...shape, stacked: true }],
  read: (reader) => readMatrices(reader, shape),
});

/** Each matrix becomes a frozen weight by itself, in the format of the model's matrices. One tensor is in memory at a time. */
async function readMatrices({ graph, file, nameOf, options }: WeightReader, shape: NamedShape): Promise<NodeId[]> {
  const [count, out, inFeatures] = shape.shape as [number, number, number];
  const keys = Array.from(presentTensors(file, [shape], nameOf), ({ name }) => nameOf(name));
  const format = formatOf(options.weights, file, keys);
  const isStacked = file.info(keys[0]!).shape.length === 3;
  const stacks: OpenTensorFile[][] = [];
  if (isStacked) for (const key of keys) stacks.push(await matricesOf(file, key));
  const made: NodeId[] = [];
  const each = keys.length / count;
  for (let e = 0; e < count; e++) {
    const own = isStacked
      ? keys.map((key, i) => [key, stacks[i]![e]!] as const)
      : keys.slice(e * each, (e + 1) * each).map((key) => [key, file] as const);
    const bytes: Uint8Array[] = [];
    // By its place in the tensor, for messages; groups of a GGUF file are found by the tensor's name.
    const label = (key: string) => (isStacked && file.grouped === undefined ? `${key}[${e}]` : key);
    for (const [key, of] of own) bytes.push(await storedTensor(graph, of, label(key), format, options));
    made.push(frozenMatrix(graph, { shape: [inFeatures, out], format, transposed: true, bytes }));
  }
  return made;
}

/** The matrices of a tensor `[count, rows, columns]`, each as a file that has it by the tensor's name. */
async function matricesOf(file: OpenTensorFile, key: string): Promise<OpenTensorFile[]> {
  const { dtype, shape } = file.info(key);
  const [count = 0, ...matrix] = shape;
  const bytes = await file.raw(key);
  const length = bytes.length / count;
  const { grouped } = file;
  const isGrouped = grouped !== undefined && grouped.nearest(key) !== null;
  return Array.from({ length: count }, (_, e) => {
    const own = bytes.subarray(e * length, (e + 1) * length);
    const values = () => (isGrouped ? grouped.values(key, own) : decodeTensor(own, dtype, key));
    return {
      ...file,
      info: () => ({ dtype, shape: matrix }),
      raw: (_name: string, begin = 0, end = length) => Promise.resolve(own.subarray(begin, end)),
      tensor: () => Promise.resolve({ shape: matrix, data: values() }),
    };
  });
}

/** Most experts in a layer, and in all: models have 512 and 25,000, and each is a weight by itself, however small. */
const [MOST_IN_LAYER, MOST] = [1024, 65_536];

/** What families call the number of experts, how many a token goes to, and their width; with defaults. */
interface Keys {
  readonly count: readonly [key: string, fallback: number];
  readonly chosen: readonly [key: string, fallback: number];
  readonly width: readonly [key: string, fallback?: number];
}

/** Experts whose weights are the softmax of the router's logits, without a shared layer. */
export function expertsShape(json: ConfigJson, keys: Keys, layers: number): ExpertsShape {
  // transformers 5 has one name for it in all families.
  const given = json[keys.count[0]] ?? json["num_local_experts"];
  const count = whole({ [keys.count[0]]: given }, keys.count[0], 1, keys.count[1], MOST_IN_LAYER);
  if (count * layers > MOST)
    throw new ModelError(
      `config.json: ${keys.count[0]} ${count} in ${layers} layers are ${count * layers} experts; at most ${MOST} are expected`,
      { key: keys.count[0], value: count },
    );
  return {
    count,
    chosen: whole(json, keys.chosen[0], 1, keys.chosen[1], count),
    width: whole(json, keys.width[0], 1, keys.width[1]),
    sharedWidth: 0,
    weights: "softmax",
    normed: true,
    factor: 1,
    bias: false,
  };
}

/** The names of experts that files have one by one, or stacked. */
export const expertNames = (
  path: string,
  parts: readonly [activated: string, factor: string, last: string] = ["gate_proj", "up_proj", "down_proj"],
): ExpertsNames => ({
  path,
  router: ["gate.weight"],
  bias: null,
  input: ["experts.gate_up_proj"],
  output: ["experts.down_proj"],
  parts,
});

/** Targets in an adapter's file for families whose experts transformers 4 had as linear layers, which PEFT's "all-linear" therefore targets. */
export const attentionAlone = ["q_proj", "k_proj", "v_proj", "o_proj"] as const;

/** A model with such experts in the layers that have them. */
export const withExperts = (
  config: DecoderConfig,
  shape: ExpertsShape,
  has: (i: number) => boolean = () => true,
): DecoderConfig => ({ ...config, experts: (i) => (has(i) ? shape : null) });
