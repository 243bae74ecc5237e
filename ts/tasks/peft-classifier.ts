import { ConfigError } from "../errors/errors.js";
import type { SavedFiles } from "../io/file-access.js";
import { type Adapter, writeAdapter } from "../io/peft/index.js";
import { transpose } from "../io/peft/conv1d.js";
import { isWithinHead, moduleOf } from "../models/sentence/head-layer.js";
import type { Tensor } from "../values/tensor.js";
import type { TrainedTextClassifier } from "./classifier-training.js";
import type { HeadTask } from "./open-peft.js";

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
