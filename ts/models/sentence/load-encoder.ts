import { checkOptions } from "../../arguments/options.js";
import { callable, flag, oneOf, whole } from "../../arguments/settings.js";
import { init } from "../../engine/engine.js";
import { FormatError } from "../../errors/errors.js";
import { Graph } from "../../graph/graph.js";
import type { FileMap } from "../../io/file-map.js";
import { modelSource, type ModelSource, readRequiredJson } from "../../io/model-source.js";
import { type MergedModel, readMerged } from "../../io/peft/index.js";
import { WEIGHTS } from "../../io/safetensors/index.js";
import { watchedSource } from "../../io/watched-source.js";
import { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import type { Tensor } from "../../values/tensor.js";
import { checkSignal, throwIfAborted } from "../../waiting/abort.js";
import type { TransformerModel } from "../architecture.js";
import { modelPlan } from "../architectures.js";
import { weightsOptions } from "../stored-weights.js";
import { openWeights } from "../tensor-files.js";
import { fingerprinted, withLayers } from "../weights-read.js";
import { densePrints } from "./dense.js";
import type { LoadOptions } from "./encoder-options.js";
import { type LoadedHead, loadHead, withTensors } from "./head-layer.js";
import { readSentenceLayout, type SentenceLayout } from "./layout.js";
import { Pooling, poolingModes } from "./pooling.js";

const LOAD_OPTIONS: readonly (keyof LoadOptions)[] = [
  ...(["seed", "maxTokens", "pooling", "weights", "packedCopies", "allowNonFinite", "engine", "signal"] as const),
  "onProgress",
];

/** What an encoder is made of. */
export interface EncoderParts {
  readonly name: string;
  readonly graph: Graph;
  readonly model: TransformerModel;
  readonly tokenizer: TextTokenizer;
  readonly layout: SentenceLayout;
  /** What an adapter is put on where nothing else is said. */
  readonly targetModules: readonly string[];
  readonly fingerprint: string;
  /** The same without layers behind the pooling. */
  readonly weightsFingerprint: string;
  readonly mergedModel: MergedModel | null;
  /** The head of its checkpoint, whose layer before the last the vectors have gone through; null for none. */
  readonly head: LoadedHead | null;
}

/**
 * What `SentenceEncoder.load` makes of a model's files, in a graph of its own; where it throws, nothing is left of it.
 *
 * @param withHead whether vectors go through the head of a checkpoint for sequence classification, up to its last layer; tensors of
 *   it that go before the file's
 */
export async function loadEncoder(
  source: string | FileMap | ModelSource,
  options: LoadOptions,
  withHead: ReadonlyMap<string, Tensor> | null,
): Promise<EncoderParts> {
  checkOptions("SentenceEncoder.load", options, LOAD_OPTIONS);
  const {
    seed = 0,
    weights = "f32",
    packedCopies,
    allowNonFinite = false,
    maxTokens: wanted,
    pooling,
    engine,
    signal,
    onProgress,
  } = options;
  whole("load", "seed", seed);
  oneOf("load", "weights", weights, weightsOptions);
  if (packedCopies !== undefined) whole("load", "packedCopies", packedCopies, 0, 2);
  flag("load", "allowNonFinite", allowNonFinite);
  if (pooling !== undefined) oneOf("load", "pooling", pooling, poolingModes);
  checkSignal("load", signal);
  if (onProgress !== undefined) callable("load", "onProgress", onProgress);
  throwIfAborted(signal);
  if (engine === undefined) await init();
  const watcher = { signal, onProgress };
  const from = watchedSource(await modelSource(source, watcher), watcher);
  const plan = modelPlan(await readRequiredJson(from, "config.json"));
  const { maxPositions, vocabularySize } = plan.config;
  const found = await readSentenceLayout(from);
  const layout = pooling === undefined ? found : { ...found, pooling: new Pooling([pooling], found.pooling.dense) };
  const most = Math.min(layout.maxTokens ?? maxPositions, maxPositions);
  const maxTokens = whole("load", "maxTokens", wanted ?? most, 2, maxPositions);
  const tokenizer = await TextTokenizer.load(from, maxTokens, vocabularySize, layout.lowercase, layout.tokenizerConfig);
  const graph = new Graph({ seed, packedCopies, engine });
  try {
    const file = await openWeights(from);
    try {
      const merged = readMerged(
        file.metadata,
        (problem, cause) => new FormatError(`${WEIGHTS}: ${problem}`, { file: WEIGHTS }, { cause }),
      );
      const read = fingerprinted(file);
      const model = await plan.load(graph, read.file, { allowNonFinite, weights });
      const head =
        withHead === null
          ? null
          : await loadHead(withTensors(file, withHead), graph, plan.head, model, { allowNonFinite, weights });
      const loaded =
        head?.pooling ?? (await layout.pooling.loaded(from, graph, plan.config.hiddenSize, { allowNonFinite }));
      const weightsFingerprint = read.fingerprint(plan, tokenizer);
      const behind = head === null ? await densePrints(from, layout.pooling.dense) : [];
      return {
        name: from.name,
        graph,
        model,
        tokenizer,
        layout: { ...layout, pooling: loaded },
        targetModules: plan.targetModules,
        fingerprint: withLayers(weightsFingerprint, behind),
        weightsFingerprint,
        mergedModel: merged,
        head,
      };
    } finally {
      await file.close();
    }
  } catch (error) {
    graph.dispose();
    throw error;
  }
}
