import type { AdaptedLinear } from "../../adapters/adapted-linear.js";
import type { AdaptedNorm } from "../../adapters/adapted-norm.js";
import type { AdapterSelection } from "../../adapters/adapter-selection.js";
import { ModelError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { type OpenTensorFile, readSafetensors, writeSafetensors } from "../../io/safetensors/index.js";
import { formatShape, type Tensor } from "../../values/tensor.js";
import { type HeadPlan, linear, type LoadWeightOptions, type TransformerModel } from "../architecture.js";
import { activations } from "../config-values.js";
import { weightTensor } from "../stored-weights.js";
import { checkTensors, type TensorNames } from "../file-tensors.js";
import { WeightReader } from "../weight-reader.js";
import { linearPart, normPart, readPart } from "../weight-table.js";
import type { DenseLayer } from "./dense.js";
import { Pooling } from "./pooling.js";

/**
 * Whether PEFT trains the layer before the last together with the last one: if it is in the same module, or its name ends with the last
 * one's, as "pre_classifier" does.
 */
export const isWithinHead = ({ dense, out }: HeadPlan) => moduleOf(dense).endsWith(moduleOf(out));

/** The module of the model that contains a path. */
export const moduleOf = (path: string) => path.split(".")[0]!;

/** The head of a checkpoint for sequence classification, in a graph, without its last layer. */
export interface LoadedHead {
  readonly plan: HeadPlan;
  /** Computes the inputs of the last layer. */
  readonly pooling: Pooling;
  /** Linear layers of the head, which adapters may adapt or train as a whole. */
  readonly linears: readonly AdaptedLinear[];
  /** Norms of the head, likewise. */
  readonly norms: readonly AdaptedNorm[];
  /** Whether their names lack the model's prefix. */
  readonly isOutside: boolean;
  /** Names of weight and bias of the layer before the last, if they are in its module. */
  readonly frozen: Readonly<Record<string, Tensor>>;
  /** The last layer as in the file: `[classes, hidden]` and `[classes]`. */
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** Names of a head's tensors. */
export const headTensors = ({ dense, out, norm }: HeadPlan): ReadonlySet<string> =>
  new Set([dense, out, ...(norm === null ? [] : [norm.path])].flatMap((path) => [`${path}.weight`, `${path}.bias`]));

/** A file in which some tensors are replaced or added by an adapter's. */
export function withTensors(file: OpenTensorFile, tensors: ReadonlyMap<string, Tensor>): OpenTensorFile {
  if (tensors.size === 0) return file;
  const over = readSafetensors(writeSafetensors(tensors));
  return {
    ...file,
    names: [...new Set([...file.names, ...over.names])],
    has: (name) => over.has(name) || file.has(name),
    info: (name) => (over.has(name) ? over.info(name) : file.info(name)),
    raw: async (name) => (over.has(name) ? over.raw(name) : file.raw(name)),
    tensor: async (name) => (over.has(name) ? over.tensor(name) : file.tensor(name)),
  };
}

/** Names of the head's tensors, which lack the model's prefix. */
const asTheyAre: TensorNames = (name) => name;

/**
 * Loads a checkpoint's head. Throws `ModelError` if a tensor is missing or has another shape, and for values that are not finite, unless
 * allowed.
 */
export async function loadHead(
  file: OpenTensorFile,
  graph: Graph,
  plan: HeadPlan,
  model: TransformerModel,
  options: LoadWeightOptions,
): Promise<LoadedHead> {
  const { hiddenSize } = model.config;
  const outWeight = `${plan.out}.weight`;
  if (!file.has(outWeight))
    throw new ModelError(
      `model.safetensors has no tensor "${outWeight}", which a checkpoint for sequence classification has`,
      {
        tensor: outWeight,
      },
    );
  const classes = file.info(outWeight).shape[0] ?? 0;
  const out = { paths: [plan.out], inFeatures: hiddenSize, outFeatures: classes };
  checkTensors(file, linear(out));
  const weight = await weightTensor(file, outWeight, options);
  const bias = await weightTensor(file, `${plan.out}.bias`, options);
  if (classes < 1)
    throw new ModelError(
      `model.safetensors: ${outWeight} is ${formatShape(weight.shape)}: a head has one output or more`,
      {
        tensor: outWeight,
        found: weight.shape,
      },
    );
  const shape = { paths: [plan.dense], inFeatures: hiddenSize, outFeatures: hiddenSize, hasBias: plan.denseBias };
  const own = model.linears().find(({ parts }) => parts[0]!.path === plan.dense);
  const nameOf = own === undefined ? checkTensors(file, linear(shape)) : asTheyAre;
  const dense = own ?? (await new WeightReader(graph, file, nameOf, options).linear(shape));
  const { norm: behind } = plan;
  const last = behind === null ? null : await readPart(graph, file, normPart(behind.path, hiddenSize, behind), options);
  const layer: DenseLayer = (graph, vectors, selection) => {
    const active = activations[plan.activation](graph, dense.forward(vectors, selection));
    return last === null ? active : last.forward(active, selection, behind!.eps);
  };
  const frozen: Record<string, Tensor> = {};
  if (isWithinHead(plan)) for (const { name } of linear(shape)) frozen[name] = await weightTensor(file, name, options);
  const isOutside = nameOf(`${plan.dense}.weight`) === `${plan.dense}.weight`;
  const further = { linears: own === undefined ? [dense] : [], norms: last === null ? [] : [last] };
  return { plan, frozen, pooling: Pooling.ofHead(plan.pooling, layer), ...further, isOutside, weight, bias };
}

/** Module path of the last layer of transformers' AutoModelForTokenClassification, whatever the model. */
export const TOKEN_OUT = "classifier";

/** Gives the vectors of tokens that the last layer takes, of the last hidden state `[tokens, hidden]`. */
export type BeforeTokenHead = (hidden: NodeId, selection: AdapterSelection) => NodeId;

/** The head of a checkpoint for token classification, in a graph, but for its last layer. */
export interface LoadedTokenHead {
  readonly before: BeforeTokenHead;
  /** Layers and norms before the last one, which stand beside the model, without its prefix. */
  readonly linears: readonly AdaptedLinear[];
  readonly norms: readonly AdaptedNorm[];
  /** The last layer as the file has it: `[classes, hidden]`, and `[classes]` or none. */
  readonly weight: Tensor;
  readonly bias: Tensor | null;
}

/** Whether there is more than one linear layer: ModernBERT has another and a norm before it. */
export const isDeepTokenHead = ({ norm }: Pick<HeadPlan, "norm">) => norm !== null;

/** Names of the tensors that a head for tokens may have. */
export function tokenHeadTensors({ dense, norm }: HeadPlan): ReadonlySet<string> {
  const paths = [TOKEN_OUT, ...(norm === null ? [] : [dense, norm.path])];
  return new Set(paths.flatMap((path) => [`${path}.weight`, `${path}.bias`]));
}

/**
 * Loads it. Throws `ModelError` where the file does not have it in the shapes that the model calls for, and for values that are not
 * finite, unless allowed.
 */
export async function loadTokenHead(
  file: OpenTensorFile,
  graph: Graph,
  plan: HeadPlan,
  hiddenSize: number,
  options: LoadWeightOptions,
): Promise<LoadedTokenHead> {
  const tensor = `${TOKEN_OUT}.weight`;
  if (!file.has(tensor))
    throw new ModelError(
      `model.safetensors has no tensor "${tensor}", which a checkpoint for token classification has`,
      { tensor },
    );
  const hasBias = file.has(`${TOKEN_OUT}.bias`);
  const outFeatures = file.info(tensor).shape[0] ?? 0;
  checkTensors(file, linear({ paths: [TOKEN_OUT], inFeatures: hiddenSize, outFeatures, hasBias }));
  const weight = await weightTensor(file, tensor, options);
  const last = { weight, bias: hasBias ? await weightTensor(file, `${TOKEN_OUT}.bias`, options) : null };
  if (plan.norm === null) return { ...last, before: (hidden) => hidden, linears: [], norms: [] };
  const shape = { paths: [plan.dense], inFeatures: hiddenSize, outFeatures: hiddenSize, hasBias: plan.denseBias };
  const dense = await readPart(graph, file, linearPart(shape), options);
  const { path, hasBias: normBias, eps } = plan.norm;
  const behind = await readPart(graph, file, normPart(path, hiddenSize, { hasBias: normBias }), options);
  const before: BeforeTokenHead = (hidden, selection) =>
    behind.forward(activations[plan.activation](graph, dense.forward(hidden, selection)), selection, eps);
  return { ...last, before, linears: [dense], norms: [behind] };
}
