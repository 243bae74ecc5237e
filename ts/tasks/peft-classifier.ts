import { ConfigError } from "../errors/errors.js";
import type { SavedFiles } from "../io/file-map.js";
import { writeAdapter } from "../io/peft/index.js";
import { transpose } from "../io/peft/transpose.js";
import { isWithinHead, moduleOf } from "../models/sentence/head-layer.js";
import type { Tensor } from "../values/tensor.js";
import type { TextClassifier } from "./text-classifier.js";

/**
 * Adapter and head as PEFT's files for transformers' `AutoModelForSequenceClassification`: paths as that model has them, the head
 * among `modules_to_save`. Throws `ConfigError` for a classifier whose head does not have the form of transformers' own, or without an
 * adapter.
 */
export function writePeftClassifier({ encoder, head, graph, modelAdapter }: TextClassifier): SavedFiles {
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
  const beside = [...own.linears.flatMap(({ parts }) => parts), ...own.norms];
  const outside = new Set(own.isOutside ? beside.map(({ path }) => path) : []);
  const adapter = modelAdapter.toFile();
  const layers = [...adapter.layers].map(
    ([path, layer]) => [outside.has(path) ? path : plan.prefix + path, layer] as const,
  );
  const pathOf = (name: string) =>
    [...outside].some((path) => name.startsWith(`${path}.`)) ? name : plan.prefix + name;
  const extra = new Map<string, Tensor>([
    ...Object.entries(isWithinHead(plan) ? own.frozen : {}),
    ...[...adapter.extra].map(([name, tensor]) => [pathOf(name), tensor] as const),
    [`${plan.out}.weight`, transpose(graph.value(head.weight))],
    [`${plan.out}.bias`, graph.value(head.bias)],
  ]);
  const saved = (isWithinHead(plan) ? [plan.dense, plan.out] : [plan.out]).map(moduleOf);
  const config = {
    ...adapter.config,
    taskType: "SEQ_CLS",
    modulesToSave: [...new Set([...saved, ...(adapter.config.modulesToSave ?? [])])],
  };
  return writeAdapter({ config, layers: new Map(layers), extra });
}
