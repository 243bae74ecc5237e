import { callable, flag, oneOf, whole } from "../arguments/settings.js";
import { init } from "../engine/engine.js";
import { FormatError } from "../errors/errors.js";
import type { Graph } from "../graph/graph.js";
import type { FileMap } from "../io/file-map.js";
import { modelSource, type ModelSource } from "../io/model-source.js";
import { type MergedModel, readMerged } from "../io/peft/index.js";
import { type OpenTensorFile, WEIGHTS } from "../io/safetensors/index.js";
import { watchedSource } from "../io/watched-source.js";
import { checkSignal, throwIfAborted } from "../waiting/abort.js";
import { inHuggingFaceLayout } from "./gguf/index.js";
import type { LoadOptions } from "./sentence/encoder-options.js";
import { weightsOptions } from "./stored-weights.js";
import { openWeights } from "./tensor-files.js";
import { fingerprinted, type ReadWeights } from "./weights-read.js";

/** What every model's loading is told. */
export type ModelOptions = Omit<LoadOptions, "maxTokens" | "pooling">;

/** Names of these options. */
export const MODEL_OPTIONS = [
  "seed",
  "weights",
  "packedCopies",
  "allowNonFinite",
  "engine",
  "signal",
  "onProgress",
] as const;

/**
 * These options with their defaults, and the model's files, whose reading is watched; calls `init` where no engine is given. Throws
 * `ConfigError` for options that make no sense.
 */
export async function openModel(what: string, source: string | FileMap | ModelSource, options: ModelOptions) {
  const { seed = 0, weights = "f32", packedCopies, allowNonFinite = false, engine, signal, onProgress } = options;
  whole(what, "seed", seed);
  oneOf(what, "weights", weights, weightsOptions);
  if (packedCopies !== undefined) whole(what, "packedCopies", packedCopies, 0, 2);
  flag(what, "allowNonFinite", allowNonFinite);
  checkSignal(what, signal);
  if (onProgress !== undefined) callable(what, "onProgress", onProgress);
  throwIfAborted(signal);
  if (engine === undefined) await init();
  const watcher = { signal, onProgress };
  const from = await inHuggingFaceLayout(watchedSource(await modelSource(source, watcher), watcher));
  return { from, seed, weights, packedCopies, allowNonFinite, engine };
}

/**
 * What `fill` makes of a model's weights in a graph of its own; where it throws, nothing is left of that.
 * @param fill is given the weights, fingerprinted as they are read, what is merged into them, and the file that stands behind
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
