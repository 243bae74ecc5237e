import { AdapterError, ConfigError, ModelError, UnsupportedError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import type { FileMap, SavedFiles } from "../../io/file-access.js";
import { isJsonObject } from "../../io/json.js";
import { architectureOf, type ModelSource, readJson } from "../../io/model-source.js";
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
import { headTensors, isWithinHead, moduleOf, TOKEN_OUT, tokenHeadTensors } from "../../models/sentence/head-layer.js";
import type { Tensor } from "../../values/tensor.js";
import { LABELS_FILE } from "./classifier-files.js";
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
interface SavedHead {
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

// Checkpoints of transformers' AutoModelForSequenceClassification: an encoder with a head, whose classes config.json names.

/** The classes in a checkpoint's config.json. */
interface Checkpoint {
  readonly source: ModelSource;
  /** Names by number; null if the file has none. */
  readonly labels: readonly string[] | null;
  /** Whether a text has any number of them, as problem_type says. */
  readonly multiLabel: boolean;
}

/**
 * A checkpoint, or null if the source is not a model with a head. Throws `UnsupportedError` for other heads: for tokens, spans, or numbers.
 */
export async function checkpointOf(source: ModelSource): Promise<Checkpoint | null> {
  const labels = await source.open(LABELS_FILE);
  await labels?.close?.();
  if (labels !== null) return null;
  const json = await readJson(source, "config.json");
  const kind = json === null ? null : kindOfHead(json);
  if (json === null || kind === null || /^For(MaskedLM|PreTraining)$/.test(kind)) return null;
  const name = architectureOf(json);
  const unsupported = (what: string, value: unknown) =>
    new UnsupportedError(
      `model ${clip(source.name)}: config.json: ${what} ${excerpt(value)} is not supported; supported are checkpoints that classify texts`,
      { model: source.name, value },
    );
  if (kind === "ForTokenClassification")
    throw new UnsupportedError(
      `model ${clip(source.name)}: config.json: architectures ${excerpt(name)}: this is a token classifier; open it with TokenClassifier.open`,
      { model: source.name, value: name },
    );
  if (kind !== "ForSequenceClassification") throw unsupported("architectures", name);
  const problem = json["problem_type"] ?? null;
  const multiLabel = problem === "multi_label_classification";
  if (problem !== null && problem !== "single_label_classification" && !multiLabel)
    throw unsupported("problem_type", problem);
  return { source, multiLabel, labels: namesOf(source, json["id2label"] ?? null) };
}

/** The end of the architecture's name in config.json, such as "ForSequenceClassification", which says which head it has; null for none. */
export function kindOfHead(config: Readonly<Record<string, unknown>>): string | null {
  const name = architectureOf(config);
  return typeof name === "string" ? (/For[A-Z]\w*$/.exec(name)?.[0] ?? null) : null;
}

/** Names of the classes in id2label, by number; null for none. Throws `ModelError` if it is not names by number. */
export function namesOf(source: Pick<ModelSource, "name">, named: unknown): string[] | null {
  if (named === null) return null;
  const numbers = isJsonObject(named) ? Object.keys(named) : [];
  const names = numbers.map((_, i) => (named as Record<string, unknown>)[String(i)]);
  if (isJsonObject(named) && names.every((name) => typeof name === "string")) return names;
  throw new ModelError(
    `model ${clip(source.name)}: config.json: id2label must name each class by its number from 0, got ${excerpt(named)}`,
    { model: source.name, value: named },
  );
}

/** A name for each class of the head. Throws `ModelError` if the numbers differ. */
export function labelsFor({ source, labels }: Pick<Checkpoint, "source" | "labels">, classes: number): string[] {
  if (labels === null) return Array.from({ length: classes }, (_, i) => `LABEL_${i}`);
  if (labels.length === classes) return [...labels];
  throw new ModelError(
    `model ${clip(source.name)}: config.json names ${labels.length} classes in id2label, and the head has ${classes}`,
    { model: source.name, expected: classes, actual: labels.length },
  );
}
