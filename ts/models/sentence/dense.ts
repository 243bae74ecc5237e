import type { AdapterSelection } from "../../adapters/adapter-selection.js";
import { ModelError, UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import type { Json } from "../../io/json.js";
import { folderOf, type ModelSource, readRequired, readRequiredJson } from "../../io/model-source.js";
import { type OpenTensorFile, openSafetensors, WEIGHTS, type WeightOptions } from "../../io/safetensors/index.js";
import type { Activation } from "../config-values.js";
import { linear, type LinearShape } from "../architecture.js";
import { checkTensors, printOf, type TensorNames } from "../file-tensors.js";
import { WeightReader } from "../weight-reader.js";

/** A layer on pooled vectors, as its config.json describes it: sentence-transformers' Dense. */
export interface DenseConfig {
  readonly folder: string;
  readonly shape: LinearShape;
  readonly activation: Activation | "identity" | "sigmoid";
}

/** A dense layer in a graph: vectors `[batch, in]` → `[batch, out]`. The selection's rows are those of the vectors. */
export type DenseLayer = (graph: Graph, vectors: NodeId, selection: AdapterSelection) => NodeId;

const functions: Readonly<Record<string, (graph: Graph, x: NodeId) => NodeId>> = {
  identity: (_, x) => x,
  sigmoid: (graph, x) => graph.sigmoid(x),
  tanh: (graph, x) => graph.tanh(x),
  relu: (graph, x) => graph.relu(x),
  gelu: (graph, x) => graph.gelu(x),
  silu: (graph, x) => graph.silu(x),
};

/** Throws `UnsupportedError` if a module has another input or output than the sentence vectors. */
export function checkPlace(json: { readonly [key: string]: Json } | null, source: ModelSource, file: string): void {
  for (const key of ["module_input_name", "module_output_name"]) {
    const value = json?.[key] ?? "sentence_embedding";
    if (value !== "sentence_embedding")
      throw new UnsupportedError(
        `model ${folderOf(source, file)}: ${file}: ${key} ${excerpt(value)}; "sentence_embedding" is supported`,
        { model: source.name, file, key, value },
      );
  }
}

/** Reads a Dense module's config.json. Throws `ModelError` for invalid sizes, `UnsupportedError` for other activations and forms. */
export async function readDense(source: ModelSource, folder: string): Promise<DenseConfig> {
  const file = `${folder}/config.json`;
  const json = await readRequiredJson(source, file);
  const size = (key: string) => {
    const value: Json | undefined = json[key];
    if (typeof value === "number" && Number.isSafeInteger(value) && value > 0 && value < 2 ** 31) return value;
    throw new ModelError(
      `model ${folderOf(source, file)}: ${file}: ${key} must be a whole number from 1, got ${excerpt(value)}`,
      { model: source.name, file, key },
    );
  };
  const hasBias = json["bias"] ?? true;
  if (typeof hasBias !== "boolean")
    throw new ModelError(
      `model ${folderOf(source, file)}: ${file}: bias must be true or false, got ${excerpt(hasBias)}`,
      {
        model: source.name,
        file,
      },
    );
  checkPlace(json, source, file);
  if ((json["use_residual"] ?? false) !== false)
    throw new UnsupportedError(
      `model ${folderOf(source, file)}: ${file}: use_residual ${excerpt(json["use_residual"])}: a Dense that adds its input is not supported`,
      { model: source.name, file, key: "use_residual" },
    );
  const given = json["activation_function"] ?? "torch.nn.modules.activation.Tanh";
  const name = typeof given === "string" ? given.slice(given.lastIndexOf(".") + 1).toLowerCase() : "";
  if (!Object.hasOwn(functions, name))
    throw new UnsupportedError(
      `model ${folderOf(source, file)}: ${file}: activation_function ${excerpt(given)}; PyTorch's Identity, Tanh, ReLU, GELU, SiLU and Sigmoid are supported`,
      { model: source.name, file, value: given },
    );
  const shape = { paths: ["linear"], inFeatures: size("in_features"), outFeatures: size("out_features"), hasBias };
  return { folder, shape, activation: name as DenseConfig["activation"] };
}

/** Opens a Dense module's weights while `body` runs. Throws `ModelError` if they do not match its config.json. */
async function withWeights<T>(
  source: ModelSource,
  { folder, shape }: DenseConfig,
  body: (file: OpenTensorFile, nameOf: TensorNames) => Promise<T>,
): Promise<T> {
  const name = `${folder}/${WEIGHTS}`;
  const file = await openSafetensors(await readRequired(source, name), name);
  try {
    return await body(file, checkTensors(file, linear(shape)));
  } finally {
    await file.close();
  }
}

/** Fingerprints of a Dense module: its weights as in the files, and its activation. */
export async function densePrints(source: ModelSource, layers: readonly DenseConfig[]): Promise<string[]> {
  const prints: string[] = [];
  for (const layer of layers) {
    const names = linear(layer.shape).map(({ name }) => name);
    await withWeights(source, layer, async (file, nameOf) => {
      for (const name of names) prints.push(printOf(await file.raw(nameOf(name))));
    });
    prints.push(layer.activation);
  }
  return prints;
}

/** Loads a Dense module's weights, frozen. Throws `ModelError` if they do not match its config.json. */
export async function loadDense(
  source: ModelSource,
  graph: Graph,
  dense: DenseConfig,
  options: WeightOptions,
): Promise<DenseLayer> {
  return withWeights(source, dense, async (file, nameOf) => {
    const read = new WeightReader(graph, file, nameOf, { ...options, weights: "f32" });
    const layer = await read.linear(dense.shape);
    return (graph, vectors) => functions[dense.activation]!(graph, layer.forward(vectors, []));
  });
}
