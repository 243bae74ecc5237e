import { UnsupportedError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import type { FileMap } from "../io/file-map.js";
import { modelSource, type ModelSource, readJson } from "../io/model-source.js";
import { type Adapter, readAdapter, writeAdapter } from "../io/peft/index.js";
import type { WeightOptions } from "../io/safetensors/index.js";
import { modelPlan } from "../models/architectures.js";
import { headTensors } from "../models/sentence/head-layer.js";

/** PEFT's adapter of a model for sequence classification: its low-rank part, and the head that was trained along. */
export interface PeftClassifier {
  /** PEFT's files without the head. */
  readonly files: FileMap;
  readonly head: Adapter["extra"];
}

/**
 * What PEFT saved for transformers' `AutoModelForSequenceClassification`; null for an adapter without a head. Throws `AdapterError` for
 * files that do not agree.
 */
export function readPeftClassifier(files: FileMap, options: WeightOptions): PeftClassifier | null {
  const adapter = readAdapter(files, options);
  const { config, extra } = adapter;
  if (config.taskType !== "SEQ_CLS" || extra.size === 0) return null;
  const alone = { ...adapter, config: { ...config, modulesToSave: null }, extra: new Map() };
  return { files: writeAdapter(alone), head: extra };
}

/** Throws `UnsupportedError` where an adapter has whole tensors that are none of its base's head. */
export async function checkHeadTensors(base: ModelSource, head: PeftClassifier["head"]): Promise<void> {
  const known = headTensors(modelPlan((await readJson(await modelSource(base), "config.json")) ?? {}).head);
  const strange = [...head.keys()].find((name) => !known.has(name));
  if (strange === undefined) return;
  throw new UnsupportedError(
    `TextClassifier.open: the adapter also holds ${excerpt(strange)}, which is not of the head; whole modules of a model are not applied yet`,
    { tensor: strange },
  );
}
