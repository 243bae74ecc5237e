import { checkOptions } from "../arguments/options.js";
import { ConfigError, ModelError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import type { FileMap } from "../io/file-access.js";
import { modelSource } from "../io/model-locator.js";
import type { ModelSource } from "../io/model-source.js";
import { SentenceEncoder } from "../models/sentence/sentence-encoder.js";
import { checkpointOf, labelsFor } from "./checkpoint.js";
import { LABELS_FILE } from "./labels-file.js";
import { CONFIG_FILE, CUT_OPTIONS, type CutOptions, namedBase, readThere, sourceOf } from "./open-classifier.js";
import { readPeftClassifier } from "./open-peft.js";

const what = "TextClassifier.open";

/** A checkpoint's encoder and the names of its classes. */
export interface OpenedCheckpoint {
  readonly encoder: SentenceEncoder;
  readonly labels: readonly string[];
  /** Whether a text has any number of them. */
  readonly multiLabel: boolean;
  /** PEFT's files of its adapter; null for none. */
  readonly adapter: FileMap | null;
}

/** Loads a checkpoint of transformers for sequence classification; null if the source is not one. Throws as `checkpointOf`. */
export async function openCheckpoint(
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
export async function openPeft(
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
