import { AdapterError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import type { FileMap } from "../io/file-access.js";
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
import type { HeadPlan } from "../models/architecture.js";
import { modelPlan } from "../models/architectures.js";
import { headTensors } from "../models/sentence/head-layer.js";
import { TOKEN_OUT, tokenHeadTensors } from "../models/sentence/token-head.js";
import type { Tensor } from "../values/tensor.js";

/** PEFT's tasks with a head: classification of texts and of tokens. */
export type HeadTask = "SEQ_CLS" | "TOKEN_CLS";

/** PEFT's adapter of a model with a head: its low-rank part, and the head that was trained with it. */
export interface PeftClassifier {
  /** PEFT's files without the head. */
  readonly files: FileMap;
  readonly head: Adapter["extra"];
}

/**
 * What PEFT saved for transformers' `AutoModelForSequenceClassification` or `AutoModelForTokenClassification`; null for an adapter of
 * another task or without a head. Throws `AdapterError` for inconsistent files.
 *
 * @param base returns the base model, which says which modules are the head's; called only for such an adapter
 */
export async function readPeftClassifier(
  files: FileMap,
  options: WeightOptions,
  task: HeadTask,
  base: () => Promise<ModelSource>,
): Promise<(PeftClassifier & { readonly base: ModelSource }) | null> {
  const adapter = readAdapterForBase(files, options);
  const { config, extra } = adapter;
  if (config.taskType !== task || extra.size === 0) return null;
  const source = await base();
  const { head } = await modelPlan((await readJson(source, "config.json")) ?? {});
  checkOwnHead(extra, task, head, source);
  return { ...withoutHead(adapter, task, head), base: source };
}

/** An adapter's files without the trained head and its other layers; unchanged if there is no head. */
export function withoutClasses(files: FileMap, options: WeightOptions, plan: HeadPlan): FileMap {
  const adapter = readAdapterForBase(files, options);
  const { config, extra } = adapter;
  const { taskType } = config;
  if ((taskType !== "SEQ_CLS" && taskType !== "TOKEN_CLS") || extra.size === 0) return files;
  const ofHead = taskType === "SEQ_CLS" ? headTensors(plan) : tokenHeadTensors(plan);
  const rest = new Map([...extra].filter(([name]) => !ofHead.has(baseTensor(name))));
  return writeAdapter({ ...adapter, config: { ...config, modulesToSave: stillSaved(config, rest) }, extra: rest });
}

/** Module names of a head in every model: PEFT adds both to `modules_to_save`. */
export const HEAD_MODULES = ["classifier", "score"] as const;

/** Throws `AdapterError` for a head in the form of another family's. */
function checkOwnHead(extra: Adapter["extra"], task: HeadTask, plan: HeadPlan, { name }: ModelSource): void {
  const own = task === "SEQ_CLS" ? headTensors(plan) : tokenHeadTensors(plan);
  const others = [...extra.keys()]
    .filter((tensor) => !isOriginal(tensor))
    .map(baseTensor)
    .filter((tensor) => HEAD_MODULES.some((module) => tensor.startsWith(`${module}.`)) && !own.has(tensor));
  if (others.length === 0) return;
  throw new AdapterError(
    `adapter: its head has ${clip(others.join(", "))}, but the head of ${clip(name)} has ${[...own].join(", ")}: the adapter is for another model family`,
    { extra: others, model: name },
  );
}

/** Modules that are saved whole and still have a tensor. */
function stillSaved({ modulesToSave }: Adapter["config"], rest: Adapter["extra"]): string[] | null {
  const saved = (modulesToSave ?? []).filter((name) => [...rest.keys()].some(savedWhole([name])));
  return saved.length === 0 ? null : saved;
}

/** Separates an adapter from its head. */
export function withoutHead(adapter: Adapter, task: HeadTask, plan: HeadPlan): PeftClassifier {
  const { config, extra } = adapter;
  const [ofHead, out] = task === "SEQ_CLS" ? [headTensors(plan), plan.out] : [tokenHeadTensors(plan), TOKEN_OUT];
  const head = new Map<string, Tensor>();
  const rest = new Map<string, Tensor>();
  for (const [name, tensor] of withoutCopies(extra)) {
    if (isOriginal(name)) continue;
    const own = baseTensor(name);
    if (ofHead.has(own)) head.set(own, tensor);
    // The adapter's part on the layer before the last is trained further.
    if (!own.startsWith(`${out}.`)) rest.set(name, tensor);
  }
  const alone = { ...adapter, config: { ...config, modulesToSave: stillSaved(config, rest) }, extra: rest };
  return { files: writeAdapter(alone), head };
}
