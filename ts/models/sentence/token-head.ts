import type { AdaptedLinear } from "../../adapters/adapted-linear.js";
import type { AdaptedNorm } from "../../adapters/adapted-norm.js";
import type { AdapterSelection } from "../../adapters/adapter-selection.js";
import { ModelError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import type { OpenTensorFile } from "../../io/safetensors/index.js";
import type { Tensor } from "../../values/tensor.js";
import { activations } from "../config-values.js";
import { type HeadPlan, linear, type LoadWeightOptions } from "../architecture.js";
import { checkTensors } from "../tensor-check.js";
import { linearPart, normPart, readPart } from "../weight-table.js";
import { weightTensor } from "../stored-weights.js";

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
