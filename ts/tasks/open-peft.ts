import type { FileMap } from "../io/file-map.js";
import { type ModelSource, readJson } from "../io/model-source.js";
import {
  type Adapter,
  baseTensor,
  isOriginal,
  readAdapterForBase,
  savedWhole,
  withoutCopies,
  writeAdapter,
} from "../io/peft/index.js";
import type { WeightOptions } from "../io/safetensors/index.js";
import { modelPlan } from "../models/architectures.js";
import { headTensors } from "../models/sentence/head-layer.js";
import type { Tensor } from "../values/tensor.js";

/** PEFT's adapter of a model for sequence classification: its low-rank part, and the head that was trained along. */
export interface PeftClassifier {
  /** PEFT's files without the head. */
  readonly files: FileMap;
  readonly head: Adapter["extra"];
}

/**
 * What PEFT saved for transformers' `AutoModelForSequenceClassification`; null for an adapter without a head. Throws `AdapterError` for
 * files that do not agree.
 *
 * @param base gives the model below it, which says what is its head's; asked for such an adapter alone
 */
export async function readPeftClassifier(
  files: FileMap,
  options: WeightOptions,
  base: () => Promise<ModelSource>,
): Promise<(PeftClassifier & { readonly base: ModelSource }) | null> {
  const adapter = readAdapterForBase(files, options);
  const { config, extra } = adapter;
  if (config.taskType !== "SEQ_CLS" || extra.size === 0) return null;
  const source = await base();
  const plan = modelPlan((await readJson(source, "config.json")) ?? {}).head;
  const ofHead = headTensors(plan);
  const head = new Map<string, Tensor>();
  const rest = new Map<string, Tensor>();
  for (const [name, tensor] of withoutCopies(extra)) {
    if (isOriginal(name)) continue;
    const own = baseTensor(name);
    if (ofHead.has(own)) head.set(own, tensor);
    // What the adapter has of the layer before the last is trained on with it.
    if (!own.startsWith(`${plan.out}.`)) rest.set(name, tensor);
  }
  const saved = (config.modulesToSave ?? []).filter((name) => [...rest.keys()].some(savedWhole([name])));
  const modulesToSave = saved.length === 0 ? null : saved;
  const alone = { ...adapter, config: { ...config, modulesToSave }, extra: rest };
  return { files: writeAdapter(alone), head, base: source };
}
