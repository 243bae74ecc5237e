import type { LoraOptions } from "../../adapters/lora-options.js";
import type { ModelAdapter } from "../../adapters/model-adapter.js";
import { checkOptions } from "../../arguments/options.js";
import { flag } from "../../arguments/settings.js";
import { ConfigError, ModelError, UnsupportedError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { FileMap } from "../../io/file-access.js";
import { modelSource } from "../../io/model-locator.js";
import type { ModelSource } from "../../io/model-source.js";
import { transpose } from "../../io/peft/conv1d.js";
import { layerScalings, targetTest } from "../../io/peft/index.js";
import type { HeadPlan } from "../../models/architecture.js";
import { isWithinHead, moduleOf } from "../../models/sentence/head-layer.js";
import { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { ClassificationHead } from "../../nn/classification-head.js";
import { checkpointOf, labelsFor, readPeftClassifier } from "./transformers-head.js";
import {
  type ClassifierParts,
  loadedParts,
  type OpenClassifierOptions,
  type OpenRunOptions,
  whole,
} from "./classifier-parts.js";
import { type HeadTask, LABELS_FILE, takeLabels } from "./classifier-files.js";
import { halves } from "../multi-label/listed-examples.js";
import {
  CONFIG_FILE,
  CUT_OPTIONS,
  type CutOptions,
  namedBase,
  opening,
  openParts,
  readThere,
  sourceOf,
} from "./open-classifier.js";

const what = "TextClassifier.open";

/** A checkpoint's encoder and the names of its classes. */
interface OpenedCheckpoint {
  readonly encoder: SentenceEncoder;
  readonly labels: readonly string[];
  /** Whether a text has any number of them. */
  readonly multiLabel: boolean;
  /** PEFT's files of its adapter; null for none. */
  readonly adapter: FileMap | null;
}

/** Loads a checkpoint of transformers for sequence classification; null if the source is not one. Throws as `checkpointOf`. */
async function openCheckpoint(
  given: string | FileMap | ModelSource,
  model: unknown,
  labels: readonly string[] | null,
  options: CutOptions,
  multiLabel?: boolean,
): Promise<OpenedCheckpoint | null> {
  if (model !== undefined) return null;
  const source = await sourceOf(given, options);
  const checkpoint = await checkpointOf(source);
  if (checkpoint === null) return null;
  checkOptions(what, options, CUT_OPTIONS);
  if (labels !== null)
    throw new ConfigError(
      `${what}: labels are for PEFT's files, and ${clip(source.name)} is a checkpoint, whose config.json names its classes`,
      { op: what, option: "labels" },
    );
  const encoder = await SentenceEncoder.load(source, options, { of: "texts" });
  try {
    const classes = outputsOf(encoder, source);
    const labels = labelsFor(checkpoint, classes);
    return { encoder, labels, multiLabel: multiLabel ?? checkpoint.multiLabel, adapter: null };
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

/** Number of a head's outputs. Throws `ModelError` for fewer than `least`. */
function outputsOf({ head }: SentenceEncoder, { name }: ModelSource, least = 2): number {
  const { shape } = head!.weight;
  if (shape[0]! >= least) return shape[0]!;
  const advice = "TextRegressor.open opens PEFT's adapter with such a head, CrossEncoder.load scores pairs with one";
  throw new ModelError(
    `${what}: the head of ${clip(name)} has one output, and a classifier has two classes or more: ${advice}`,
    { found: shape },
  );
}

/**
 * PEFT's files for such a model, with its base model; null if the source has none. Throws as `readPeftClassifier`.
 * @param least number of outputs that the head must have
 */
async function openPeft(
  given: string | FileMap | ModelSource,
  model: string | FileMap | ModelSource | undefined,
  names: readonly string[] | null,
  options: CutOptions,
  multiLabel?: boolean,
  least = 2,
): Promise<OpenedCheckpoint | null> {
  const source = await sourceOf(given, options);
  const files = await readThere(source);
  if (Object.hasOwn(files, LABELS_FILE) || !Object.hasOwn(files, CONFIG_FILE)) return null;
  const { allowNonFinite = false } = options;
  const saved = await readPeftClassifier(files, { allowNonFinite }, "SEQ_CLS", async () => {
    checkOptions(what, options, CUT_OPTIONS);
    return modelSource(model ?? (await namedBase(source, files, null)));
  });
  if (saved === null) return null;
  const { base } = saved;
  const encoder = await SentenceEncoder.load(base, options, { of: "texts", tensors: saved.head });
  try {
    const classes = outputsOf(encoder, source, least);
    if (names !== null && names.length !== classes)
      throw new ConfigError(
        `${what}: labels names ${names.length} classes, and the head of ${clip(source.name)} has ${classes}`,
        { op: what, option: "labels", expected: classes, actual: names.length },
      );
    const checkpoint = await checkpointOf(base);
    const named =
      checkpoint?.labels?.length === classes ? checkpoint : { source: base, labels: null, multiLabel: false };
    const labels = names ?? labelsFor(named, classes);
    return { encoder, labels, multiLabel: multiLabel ?? named.multiLabel, adapter: saved.files };
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

/** Parts of a classifier in a folder; see `TextClassifier.open`. */
export const openedParts = (source: string | FileMap | ModelSource, options: OpenClassifierOptions) =>
  opening(source, () => partsOf(source, options));

async function partsOf(
  source: string | FileMap | ModelSource,
  options: OpenClassifierOptions,
): Promise<ClassifierParts> {
  const { model, adapter, allowOtherBase, lora, multiLabel, labels, maxTokens, ...loading } = options;
  if (multiLabel !== undefined) flag("TextClassifier.open", "multiLabel", multiLabel);
  const named = labels === undefined ? null : takeLabels(labels);
  const cut = { ...loading, ...(maxTokens !== undefined && { maxTokens }) };
  const checkpoint =
    (await openCheckpoint(source, model, named, cut, multiLabel)) ??
    (await openPeft(source, model, named, cut, multiLabel));
  if (checkpoint !== null) return checkpointParts(checkpoint, lora ?? null, adapter);
  if (multiLabel !== undefined)
    throw notFor("multiLabel", "is for checkpoints of transformers and PEFT's files; a run's labels.json says it");
  if (lora !== undefined) throw notFor("lora", "is for checkpoints of transformers; a run has its own adapter");
  if (labels !== undefined) throw notFor("labels", "are for PEFT's files, which have none; these have their own");
  if (maxTokens !== undefined)
    throw notFor(
      "maxTokens",
      "is for checkpoints of transformers and PEFT's files; a run's texts are cut as they were in training",
    );
  return openedRun(source, { model, adapter, allowOtherBase, ...loading });
}

/**
 * The parts of `TextRegressor.open`: those of a run, or PEFT's adapter and head with one output. Throws `UnsupportedError` for a head with
 * several.
 */
export async function openedRegressor(
  source: string | FileMap | ModelSource,
  options: OpenRunOptions,
  what: string,
): Promise<ClassifierParts> {
  const { model, adapter, allowOtherBase: _, ...loading } = options;
  const saved = await openPeft(source, model, null, loading, false, 1);
  if (saved === null) return openedRun(source, options, what, "regress");
  const { encoder, labels } = saved;
  if (labels.length === 1) return checkpointParts(saved, null, adapter, "regress");
  encoder.dispose();
  throw new UnsupportedError(
    `${what}: the head of this adapter has ${labels.length} outputs, and a number has one: open it with TextClassifier.open`,
    { op: what, actual: labels.length },
  );
}

/** The parts of a run's model, with its encoder. */
export async function openedRun(
  source: string | FileMap | ModelSource,
  { model, adapter, allowOtherBase, ...loading }: Given<OpenRunOptions>,
  what?: string,
  task?: HeadTask,
): Promise<ClassifierParts> {
  const { encoder, files } = await opening(source, () => openParts(source, model, loading, task));
  try {
    const { allowNonFinite } = loading;
    const given = Object.entries({ adapter, allowOtherBase, allowNonFinite }).filter(
      ([, value]) => value !== undefined,
    );
    const load = async () => loadedParts(encoder, files, Object.fromEntries(given), what, task);
    return { ...(await opening(source, load)), ownsEncoder: true };
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

type Given<T> = { readonly [Name in keyof T]: T[Name] | undefined };

function checkpointParts(
  { encoder, labels, multiLabel, adapter: files }: OpenedCheckpoint,
  lora: LoraOptions | null,
  adapter = "classifier",
  task?: HeadTask,
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
      { encoder, labels: task === "regress" ? labels : takeLabels(labels), tokenizer, merged: null },
      addAdapter,
      () => new ClassificationHead(graph, transpose(weight), bias),
    );
    return { ...parts, ownsEncoder: true, multi: multiLabel ? halves(labels) : null };
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
