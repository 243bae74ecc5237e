import type { AdaptedLinear } from "../../adapters/adapted-linear.js";
import type { AdaptedNorm } from "../../adapters/adapted-norm.js";
import { ModelError } from "../../errors/errors.js";
import type { Graph } from "../../graph/graph.js";
import { type OpenTensorFile, readSafetensors, writeSafetensors } from "../../io/safetensors/index.js";
import { formatShape, type Tensor } from "../../values/tensor.js";
import { activations } from "../activation.js";
import type { HeadPlan, LoadWeightOptions, TransformerModel } from "../architecture.js";
import { linear, norm } from "../named-shapes.js";
import { weightTensor } from "../weight-tensor.js";
import { checkTensors, type TensorNames } from "../tensor-check.js";
import { WeightReader } from "../weight-reader.js";
import type { DenseLayer } from "./dense.js";
import { Pooling } from "./pooling.js";

/** The head of a checkpoint for sequence classification, in a graph, but for its last layer. */
export interface LoadedHead {
  readonly plan: HeadPlan;
  /** Gives the vectors that the last layer takes. */
  readonly pooling: Pooling;
  /** Layers that an adapter may adapt or have as a whole, and that the model does not have itself. */
  readonly linears: readonly AdaptedLinear[];
  /** Norms, likewise. */
  readonly norms: readonly AdaptedNorm[];
  /** Whether those stand beside the model, without its prefix. */
  readonly isOutside: boolean;
  /** Weight and bias of the layer before it, by their names, where they belong to its module. */
  readonly frozen: Readonly<Record<string, Tensor>>;
  /** The last layer as the file has it: `[classes, hidden]`, `[classes]`. */
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/**
 * Whether PEFT trains the layer before the last as a whole along with it: where it lies in the last one's module, and where its own
 * ends in that one's name, as "pre_classifier" does.
 */
export const isWithinHead = ({ dense, out }: HeadPlan) => moduleOf(dense).endsWith(moduleOf(out));

/** The module of the whole model that a path leads into. */
export const moduleOf = (path: string) => path.split(".")[0]!;

/** Names of a head's tensors. */
export const headTensors = ({ dense, out, norm }: HeadPlan): ReadonlySet<string> =>
  new Set([dense, out, ...(norm === null ? [] : [norm.path])].flatMap((path) => [`${path}.weight`, `${path}.bias`]));

/** A file some of whose tensors, the head's that an adapter brought, stand in for its own or are further ones. */
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

/** Names of the head's tensors, which stand without the prefix of the model's. */
const asTheyAre: TensorNames = (name) => name;

/**
 * Loads a checkpoint's head. Throws `ModelError` where the file does not have it in the shapes that the model calls for, and for
 * values that are not finite, unless allowed.
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
  if (classes < 2)
    throw new ModelError(
      `model.safetensors: ${outWeight} is ${formatShape(weight.shape)}: a classifier has two classes or more; regression is not supported`,
      { tensor: outWeight, found: weight.shape },
    );
  const shape = { paths: [plan.dense], inFeatures: hiddenSize, outFeatures: hiddenSize, hasBias: plan.denseBias };
  const own = model.linears().find(({ parts }) => parts[0]!.path === plan.dense);
  const nameOf = own === undefined ? checkTensors(file, linear(shape)) : asTheyAre;
  const dense = own ?? (await new WeightReader(graph, file, nameOf, options).linear(shape));
  const { norm: behind } = plan;
  const last = behind === null ? null : await loadNorm(file, graph, behind, hiddenSize, options);
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

async function loadNorm(
  file: OpenTensorFile,
  graph: Graph,
  { path, hasBias }: NonNullable<HeadPlan["norm"]>,
  size: number,
  options: LoadWeightOptions,
) {
  return new WeightReader(graph, file, checkTensors(file, norm(path, size, hasBias)), options).norm(path, { hasBias });
}
