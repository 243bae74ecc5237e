import type { NodeId } from "../../graph/graph.js";
import { frozenMatrix } from "../../graph/frozen/stored-weight.js";
import { decodeTensor, type OpenTensorFile } from "../../io/safetensors/index.js";
import type { NamedShape } from "../architecture.js";
import { formatOf, storedTensor } from "../stored-weights.js";
import { presentTensors } from "../tensor-check.js";
import type { WeightReader } from "../weight-reader.js";
import { constantPart, type WeightPart } from "../weight-table.js";
import { type DecoderConfig, expertsOf } from "./config.js";

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
