import { AdapterError, ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { FileMap, SavedFiles } from "../../io/file-access.js";
import { type ModelSource, readJson } from "../../io/model-source.js";
import { transpose } from "../../io/peft/conv1d.js";
import {
  type Adapter,
  baseTensor,
  isOriginal,
  readAdapterForBase,
  savedWhole,
  withoutCopies,
  writeAdapter,
} from "../../io/peft/index.js";
import type { WeightOptions } from "../../io/safetensors/index.js";
import type { HeadPlan } from "../../models/architecture.js";
import { modelPlan } from "../../models/architectures.js";
import { headTensors, isWithinHead, moduleOf } from "../../models/sentence/head-layer.js";
import { TOKEN_OUT, tokenHeadTensors } from "../../models/sentence/token-head.js";
import type { Tensor } from "../../values/tensor.js";
import type { TrainedTextClassifier } from "./classifier-training.js";

/** PEFT's tasks with a head: classification of texts and of tokens. */
type HeadTask = "SEQ_CLS" | "TOKEN_CLS";

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

/**
 * Adapter and head as PEFT's files for transformers' `AutoModelForSequenceClassification`: paths as that model has them, the head
 * among `modules_to_save`. Throws `ConfigError` for a classifier whose head does not have the form of transformers' own, or without an
 * adapter.
 */
export function writePeftClassifier({ encoder, head, graph, modelAdapter }: TrainedTextClassifier): SavedFiles {
  const own = encoder.head;
  if (own === null)
    throw new ConfigError(
      "savePeft: the head does not have the form of transformers' own: open a checkpoint of AutoModelForSequenceClassification with `TextClassifier.open` and train that",
      { op: "savePeft", reason: "head" },
    );
  if (modelAdapter === null)
    throw new ConfigError("savePeft: there is no adapter; give `TextClassifier.open` the option `lora`", {
      op: "savePeft",
      reason: "no adapter",
    });
  const { plan } = own;
  const within = isWithinHead(plan);
  const last = {
    [`${plan.out}.weight`]: transpose(graph.value(head.weight)),
    [`${plan.out}.bias`]: graph.value(head.bias),
  };
  return withHead(modelAdapter.toFile(), {
    taskType: "SEQ_CLS",
    prefix: plan.prefix,
    beside: own.isOutside ? [...own.linears.flatMap(({ parts }) => parts), ...own.norms].map(({ path }) => path) : [],
    before: within ? own.frozen : {},
    last,
    saved: (within ? [plan.dense, plan.out] : [plan.out]).map(moduleOf),
  });
}

/** A head in PEFT's files, beside an adapter. */
export interface SavedHead {
  readonly taskType: HeadTask;
  /** Prefix of the model's own module names. */
  readonly prefix: string;
  /** Paths of modules outside the model, without its prefix, that the adapter may change. */
  readonly beside: readonly string[];
  /** Tensors of the layers before the last one, by full names; the adapter's own take precedence. */
  readonly before: Readonly<Record<string, Tensor>>;
  /** Tensors of the last layer. */
  readonly last: Readonly<Record<string, Tensor>>;
  /** Names of the head's modules among `modules_to_save`. */
  readonly saved: readonly string[];
}

/** PEFT's files of an adapter and that head, with the paths of transformers' model with a head. */
export function withHead(adapter: Adapter, { taskType, prefix, beside, before, last, saved }: SavedHead): SavedFiles {
  const isBeside = (name: string) => beside.some((path) => name === path || name.startsWith(`${path}.`));
  const pathOf = (name: string) => (isBeside(name) ? name : prefix + name);
  const layers = [...adapter.layers].map(([path, layer]) => [pathOf(path), layer] as const);
  const extra = new Map<string, Tensor>([
    ...Object.entries(before),
    ...[...adapter.extra].map(([name, tensor]) => [pathOf(name), tensor] as const),
    ...Object.entries(last),
  ]);
  const modulesToSave = [...new Set([...saved, ...(adapter.config.modulesToSave ?? [])])];
  return writeAdapter({ config: { ...adapter.config, taskType, modulesToSave }, layers: new Map(layers), extra });
}
