import { checkRecord } from "../arguments/collections.js";
import { checkOptions } from "../arguments/options.js";
import { flag } from "../arguments/settings.js";
import { LORA_OPTIONS, type LoraOptions } from "../adapters/lora-options.js";
import type { ModelAdapter } from "../adapters/model-adapter.js";
import { ConfigError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import { Graph } from "../graph/graph.js";
import type { FileMap } from "../io/file-map.js";
import type { ModelSource } from "../io/model-source.js";
import { checkNotMerged, layerScalings, readAdapter, targetTest } from "../io/peft/index.js";
import { transpose } from "../io/peft/transpose.js";
import { takeWeightOptions } from "../io/safetensors/index.js";
import type { HeadPlan } from "../models/architecture.js";
import { isWithinHead, moduleOf } from "../models/sentence/head-layer.js";
import { checkUsable, SentenceEncoder } from "../models/sentence/sentence-encoder.js";
import { ClassificationHead } from "../nn/classification-head.js";
import type { TextTokenizer } from "../tokenize/text-tokenizer.js";
import { checkNoAdapter, labelsOf, readHead } from "./classifier-files.js";
import type {
  ClassifierOptions,
  LoadClassifierOptions,
  OpenClassifierOptions,
  OpenRunOptions,
} from "./classifier-options.js";
import { type HeadTask, type NumberLimits, takeLabels } from "./labels-file.js";
import { openCheckpoint, type OpenedCheckpoint, openPeft } from "./open-checkpoint.js";
import { ENCODER_OPTIONS, openParts } from "./open-classifier.js";
import { tokenizerFor } from "./trained-on.js";

/** The parts of a classifier. */
export interface ClassifierParts {
  readonly encoder: SentenceEncoder;
  readonly labels: readonly string[];
  readonly modelAdapter: ModelAdapter | null;
  readonly head: ClassificationHead;
  readonly tokenizer: TextTokenizer;
  /** Fingerprint of the adapter that is merged into the base. */
  readonly merged: string | null;
  /** Whether only this classifier uses the encoder. */
  readonly ownsEncoder: boolean;
  /** Of a regressor that was loaded: the limits of its predictions. */
  readonly limits?: NumberLimits;
}

/** Those of `TextClassifier.create`. */
export function newParts(encoder: SentenceEncoder, options: ClassifierOptions): ClassifierParts {
  checkOptions("TextClassifier.create", options, ["labels", "lora", "adapter"], { lora: LORA_OPTIONS });
  const { labels: given, lora = {}, adapter = "classifier" } = options;
  checkEncoder("TextClassifier.create", encoder);
  const labels = takeLabels(given);
  checkUsable("TextClassifier.create", encoder);
  const { graph, hiddenSize, adapterSet, tokenizer } = encoder;
  return whole(
    { encoder, labels, tokenizer, merged: null },
    () => (lora === null ? null : adapterSet.add(adapter, lora, { what: "TextClassifier.create", classifier: true })),
    () => ClassificationHead.create(graph, hiddenSize, labels.length),
  );
}

/** Checked arguments for loading a saved classifier of texts or tokens. Throws `ConfigError`. */
export function takeLoading(what: string, encoder: SentenceEncoder, files: FileMap, options: LoadClassifierOptions) {
  checkOptions(what, options, ["adapter", "allowNonFinite", "allowOtherBase"]);
  const { adapter = "classifier", allowOtherBase = false, ...others } = options;
  flag(what, "allowOtherBase", allowOtherBase);
  const rest = takeWeightOptions(what, others);
  checkEncoder(what, encoder);
  checkUsable(what, encoder);
  checkRecord(`${what}: a classifier's files by name, as bytes, are expected`, files);
  return { adapter, allowOtherBase, rest };
}

/** Those of `TextClassifier.load`, and of a regressor. */
export function loadedParts(
  encoder: SentenceEncoder,
  files: FileMap,
  options: LoadClassifierOptions,
  what = "TextClassifier.load",
  task: HeadTask = "classify",
): ClassifierParts {
  const { adapter, allowOtherBase, rest } = takeLoading(what, encoder, files, options);
  const about = labelsOf(files, task);
  const { labels, merged, adapted } = about;
  if (!adapted && merged === null) checkNoAdapter(files);
  const { graph, hiddenSize, adapterSet, mergedModel } = encoder;
  // First: its message says more than "other weights".
  if (mergedModel !== null && adapted) checkNotMerged(what, readAdapter(files, rest), encoder.name, mergedModel);
  const tokenizer = tokenizerFor(encoder, about, allowOtherBase);
  const { weight, bias } = readHead(files, hiddenSize, labels.length, rest);
  const parts = whole(
    { encoder, labels, tokenizer, merged },
    () => (adapted ? adapterSet.load(adapter, files, rest, { what, classifier: true }) : null),
    () => new ClassificationHead(graph, weight, bias),
  );
  return { ...parts, ...(about.limits && { limits: about.limits }) };
}

const OPEN_OPTIONS: readonly (keyof OpenClassifierOptions)[] = [
  ...(["model", "lora", "labels", "maxTokens", "adapter", "allowOtherBase"] as const),
  ...ENCODER_OPTIONS,
];

/** Those of `TextClassifier.open`. */
export async function openedParts(
  source: string | FileMap | ModelSource,
  options: OpenClassifierOptions,
): Promise<ClassifierParts> {
  checkOptions("TextClassifier.open", options, OPEN_OPTIONS, { lora: LORA_OPTIONS });
  const { model, adapter, allowOtherBase, lora, labels, maxTokens, ...loading } = options;
  const named = labels === undefined ? null : takeLabels(labels);
  const cut = { ...loading, ...(maxTokens !== undefined && { maxTokens }) };
  const checkpoint = (await openCheckpoint(source, model, named, cut)) ?? (await openPeft(source, model, named, cut));
  if (checkpoint !== null) return checkpointParts(checkpoint, lora ?? null, adapter);
  if (lora !== undefined) throw notFor("lora", "is for checkpoints of transformers; a run has its own adapter");
  if (labels !== undefined) throw notFor("labels", "are for PEFT's files, which have none; these have their own");
  if (maxTokens !== undefined)
    throw notFor(
      "maxTokens",
      "is for checkpoints of transformers and PEFT's files; a run's texts are cut as they were in training",
    );
  return openedRun(source, { model, adapter, allowOtherBase, ...loading });
}

/** The parts of a run's model, with its encoder. */
export async function openedRun(
  source: string | FileMap | ModelSource,
  { model, adapter, allowOtherBase, ...loading }: Given<OpenRunOptions>,
  what?: string,
  task?: HeadTask,
): Promise<ClassifierParts> {
  const { encoder, files } = await openParts(source, model, loading, task);
  try {
    const { allowNonFinite } = loading;
    const given = Object.entries({ adapter, allowOtherBase, allowNonFinite }).filter(
      ([, value]) => value !== undefined,
    );
    return { ...loadedParts(encoder, files, Object.fromEntries(given), what, task), ownsEncoder: true };
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

type Given<T> = { readonly [Name in keyof T]: T[Name] | undefined };

function checkpointParts(
  { encoder, labels, adapter: files }: OpenedCheckpoint,
  lora: LoraOptions | null,
  adapter = "classifier",
): ClassifierParts {
  const { graph, adapterSet, tokenizer } = encoder;
  const { weight, bias } = encoder.head!;
  const added = { what: "TextClassifier.open", classifier: true };
  const addAdapter = () => {
    if (files !== null) return adapterSet.load(adapter, files, { allowNonFinite: true }, added);
    if (lora === null) return null;
    const { plan } = encoder.head!;
    const made = adapterSet.add(adapter, withHeadsLayer(lora, plan), added);
    checkSameTargets(added.what, made, encoder, plan);
    return made;
  };
  try {
    if (files !== null && lora !== null)
      throw notFor("lora", "makes a new adapter, and these files already have one; omit it");
    const parts = whole(
      { encoder, labels: takeLabels(labels), tokenizer, merged: null },
      addAdapter,
      () => new ClassificationHead(graph, transpose(weight), bias),
    );
    return { ...parts, ownsEncoder: true };
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

/** Options with which a layer of the head is trained as a whole if PEFT does so. */
function withHeadsLayer(lora: LoraOptions, plan: HeadPlan): LoraOptions {
  if (!isWithinHead(plan)) return lora;
  return { ...lora, modulesToSave: [...(lora.modulesToSave ?? []), moduleOf(plan.dense)] };
}

/**
 * Throws `ConfigError` if the prefix that a classifier's files add to module names would change which modules the adapter's options match,
 * or their ranks.
 */
export function checkSameTargets(
  what: string,
  { config }: ModelAdapter,
  { model }: SentenceEncoder,
  { prefix }: HeadPlan,
): void {
  const isTarget = targetTest(config);
  const scalingOf = layerScalings(config);
  for (const { parts } of model.linears())
    for (const { path } of parts) {
      const [bare, whole] = [scalingOf(path), scalingOf(prefix + path)];
      const option = bare.rank === whole.rank ? "alphaPattern" : "rankPattern";
      if (isTarget(path) && (bare.rank !== whole.rank || bare.alpha !== whole.alpha))
        throw new ConfigError(
          `${what}: ${option} differs for ${path} and ${prefix + path}, two names of one module (a classifier's files add "${prefix}"); use keys that match both, such as "${path}"`,
          { op: what, option, module: path },
        );
      if (isTarget(path) === isTarget(prefix + path)) continue;
      const [yes, no] = isTarget(path) ? [path, prefix + path] : [prefix + path, path];
      throw new ConfigError(
        `${what}: lora targets ${yes} but not ${no}, two names of one module (a classifier's files add "${prefix}"); use targets that match both`,
        { op: what, option: "targetModules", module: path },
      );
    }
}

const notFor = (option: keyof OpenClassifierOptions, why: string) =>
  new ConfigError(`TextClassifier.open: ${option} ${why}`, { op: "TextClassifier.open", option });

/** Adds the adapter, if there is one, and the head. If the head cannot be made, adds neither. */
export function whole(
  { encoder, labels, tokenizer, merged }: Pick<ClassifierParts, "encoder" | "labels" | "tokenizer" | "merged">,
  addAdapter: () => ModelAdapter | null,
  makeHead: () => ClassificationHead,
): ClassifierParts {
  const { graph } = encoder;
  return graph.allOrNothing(() => {
    const adapter = addAdapter();
    try {
      const head = graph.allOrNothing(makeHead);
      return { encoder, labels, tokenizer, merged, modelAdapter: adapter, head, ownsEncoder: false };
    } catch (error) {
      if (adapter !== null) encoder.removeAdapter(adapter.name);
      throw error;
    }
  });
}

export function checkEncoder(what: string, encoder: SentenceEncoder): void {
  if (encoder instanceof SentenceEncoder && encoder.graph instanceof Graph) return;
  const isPlace = what === "TextClassifier.load" && typeof encoder === "string";
  const hint = isPlace ? "; `TextClassifier.open(folder)` loads a classifier with its encoder" : "";
  throw new ConfigError(`${what}: encoder is a SentenceEncoder, got ${excerpt(encoder)}${hint}`, {
    op: what,
    option: "encoder",
    expected: "a SentenceEncoder",
    value: encoder,
  });
}
