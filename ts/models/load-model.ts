import { callable, flag, oneOf, whole } from "../arguments/settings.js";
import { init } from "../engine/engine.js";
import { FormatError, ModelError, UnsupportedError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { inferred } from "../graph/inferring.js";
import type { GraphOptions } from "../graph/tape.js";
import type { FileMap } from "../io/file-access.js";
import { modelSource } from "../io/model-locator.js";
import { type ModelSource, readJson, readRequired, watchedSource } from "../io/model-source.js";
import { type MergedModel, readMerged } from "../io/peft/index.js";
import {
  openSafetensors,
  openShards,
  type OpenTensorFile,
  readWeightMap,
  WEIGHTS,
  WEIGHTS_INDEX,
} from "../io/safetensors/index.js";
import { checkSignal, throwIfAborted } from "../waiting/abort.js";
import type { ModelPlan } from "./architecture.js";
import { inHuggingFaceLayout, openGgufWeights } from "./gguf/index.js";
import { fingerprinted, type ReadWeights } from "./file-tensors.js";
import type { LoadOptions } from "./sentence/encoder-options.js";
import { type WeightsOption, weightsOptions } from "./stored-weights.js";

/**
 * Computes a tiny input once on a GPU, which compiles the shaders too. Throws `UnsupportedError`, with the kernel's name, if the model needs
 * one that does not exist there.
 */
export async function checkRuns(graph: Graph, run: () => NodeId): Promise<void> {
  if (graph.engine.readsLater) await inferred(graph, run);
}

/** Options of every model's loading. */
export type ModelOptions = Omit<LoadOptions, "maxTokens" | "model" | "pooling">;

/**
 * Returns checked options and the model's files, with progress; `reopen` opens them again, without. `weights` and `packedCopies` have no
 * default yet (`keptWeights`). Calls `init` unless an engine is given. Throws `ConfigError` for invalid options.
 */
export async function openModel(what: string, source: string | FileMap | ModelSource, options: ModelOptions) {
  const { seed = 0, weights, packedCopies, allowNonFinite = false, engine, signal, onProgress } = options;
  whole(what, "seed", seed);
  if (weights !== undefined) oneOf(what, "weights", weights, weightsOptions);
  if (packedCopies !== undefined) whole(what, "packedCopies", packedCopies, 0, 2);
  flag(what, "allowNonFinite", allowNonFinite);
  checkSignal(what, signal);
  if (onProgress !== undefined) callable(what, "onProgress", onProgress);
  throwIfAborted(signal);
  if (engine === undefined) await init();
  const watcher = { signal, onProgress };
  const found = await modelSource(source, watcher);
  const from = await inHuggingFaceLayout(watchedSource(found, watcher));
  return { from, reopen: () => inHuggingFaceLayout(found), seed, weights, packedCopies, allowNonFinite, engine };
}

/** How a model's weights are kept in memory: as the options say, otherwise as its plan does; a file's groups stay as they are. */
export function keptWeights(
  plan: Pick<ModelPlan, "packedCopies" | "usualWeights">,
  {
    weights: asked,
    packedCopies,
  }: Readonly<Record<"weights", WeightsOption | undefined>> & Pick<GraphOptions, "packedCopies">,
) {
  const weights = asked ?? plan.usualWeights();
  const isKept = (file: OpenTensorFile) => asked === undefined && weights !== "f32" && hasGroups(file);
  return {
    packedCopies: packedCopies ?? (weights === "f32" ? plan.packedCopies : undefined),
    weightsOf: (file: OpenTensorFile): WeightsOption => (isKept(file) ? "auto" : weights),
  };
}

/** Whether some of a file's tensors are in groups, which other groups would round again. */
const hasGroups = ({ grouped, names }: OpenTensorFile): boolean =>
  grouped !== undefined && names.some((name) => grouped.nearest(name) !== null);

/**
 * Makes a model in a new graph; on an error everything is freed.
 * @param fill receives the weights (fingerprinted as they are read), what is merged into them, and the underlying file
 */
export async function filled<T>(
  graph: Graph,
  from: ModelSource,
  fill: (read: ReadWeights, mergedModel: MergedModel | null, file: OpenTensorFile) => Promise<T>,
): Promise<T> {
  try {
    const file = await openWeights(from);
    try {
      const mergedModel = readMerged(
        file.metadata,
        (problem, cause) => new FormatError(`${WEIGHTS}: ${problem}`, { file: WEIGHTS }, { cause }),
      );
      return await fill(fingerprinted(file), mergedModel, file);
    } finally {
      await file.close();
    }
  } catch (error) {
    graph.dispose();
    throw error;
  }
}

/**
 * Throws `UnsupportedError` if a model is on a GPU, for a call that cannot run there.
 *
 * @param what the call
 * @param missing what does not run there, in words: "a cache in 16 bits does"
 */
export function refuseOnGpu(what: string, { engine }: Graph, missing: string): void {
  if (!engine.readsLater) return;
  throw new UnsupportedError(`${what}: ${missing} not run on device "webgpu" yet; use an engine with device "wasm"`, {
    op: what,
    option: "engine",
    missing,
  });
}

/**
 * Opens a model's weights: model.safetensors or, where there is none, the files that model.safetensors.index.json names, as
 * one, or a GGUF file. Throws `ModelError` where neither is there, a file is missing, or one lacks a tensor that it should have.
 */
export async function openWeights(source: ModelSource): Promise<OpenTensorFile> {
  const single = await source.open(WEIGHTS);
  if (single !== null) return openSafetensors(single, WEIGHTS);
  const index = await readJson(source, WEIGHTS_INDEX);
  if (index === null)
    return (await openGgufWeights(source)) ?? openSafetensors(await readRequired(source, WEIGHTS), WEIGHTS);
  const fail = (problem: string) =>
    new ModelError(`model ${clip(source.name)}: ${WEIGHTS_INDEX}: ${problem}`, { model: source.name });
  return openShards(
    readWeightMap(index, fail),
    async (file) => openSafetensors(await readRequired(source, file), file),
    fail,
  );
}
