import type { SavedFiles } from "../../io/file-access.js";
import { editedJson, type Json } from "../../io/json.js";
import { architectureOf, readRequiredJson } from "../../io/model-source.js";
import { type Adapter, targetTest, writeAdapter } from "../../io/peft/index.js";
import { type OpenTensorFile, WEIGHTS } from "../../io/safetensors/index.js";
import type { HeadPlan } from "../../models/architecture.js";
import {
  bytesOf,
  checkBaseUnchanged,
  type Files,
  jsonBytes,
  modelCard,
  modulesFile,
  requiredBytes,
  type SavedEncoder,
  savedWeights,
  taskFile,
  textBytes,
  tokenizerFiles,
  versions,
} from "../../models/sentence/folder-files.js";
import { givesTypes } from "../../tokenize/pair-tokens.js";
import type { Tensor } from "../../values/tensor.js";
import { withHead } from "../head/transformers-head.js";
import type { AnswerSettings } from "./cross-head.js";
import { type CrossActivation, torchClasses } from "./cross-options.js";

const SCORE = "1_LogitScore";
const LOGITS = { method: "forward", method_output_name: "logits" };

/**
 * The files of a language model as a cross-encoder: sentence-transformers' folder with its LogitScore, with PEFT's adapter of the language
 * model or the whole model.
 */
export async function saveAnswers(saved: SavedAnswers): Promise<SavedFiles> {
  const { adapter, merged, tokenizer, base, activation, answers, prefix, signal, engine } = saved;
  const source = await saved.reopen();
  const files: Files = { ...(await tokenizerFiles(source, tokenizer)) };
  const isAdapter = adapter !== null && !merged;
  if (isAdapter) Object.assign(files, languageAdapter(adapter.file, prefix, base));
  else {
    const config = await readRequiredJson(source, "config.json");
    files["config.json"] = await requiredBytes(source, "config.json");
    files[WEIGHTS] = await savedWeights({ engine, source, config, adapter, signal });
    const generation = await bytesOf(source, "generation_config.json");
    if (generation !== null) files["generation_config.json"] = generation;
  }
  files["chat_template.jinja"] = textBytes(answers.template);
  files["modules.json"] = modulesFile([
    { path: "", type: "base.modules.transformer.Transformer" },
    { path: SCORE, type: "cross_encoder.modules.logit_score.LogitScore" },
  ]);
  files[`${SCORE}/config.json`] = jsonBytes({
    true_token_id: answers.yes,
    false_token_id: answers.no,
    module_input_name: "causal_logits",
  });
  files["sentence_bert_config.json"] = jsonBytes({
    transformer_task: "text-generation",
    modality_config: { text: LOGITS, message: { ...LOGITS, format: "flat" } },
    module_output_name: "causal_logits",
  });
  const { prompt } = answers;
  files["config_sentence_transformers.json"] = jsonBytes({
    ...versions,
    model_type: "CrossEncoder",
    activation_fn: torchClasses[activation],
    prompts: prompt === null ? {} : { default: prompt },
    default_prompt_name: prompt === null ? null : "default",
  });
  const card = modelCard({
    kind: "cross-encoder",
    base,
    isAdapter,
    metrics: saved.metrics,
    rows: [
      ["score", `token ${answers.yes}${answers.no === null ? "" : ` against token ${answers.no}`}`],
      ["activation", activation],
      ["longest pair", `${tokenizer.maxTokens} tokens`],
    ],
  });
  files["README.md"] = textBytes(card);
  return files;
}

/** PEFT's files with the paths of transformers' model for language. */
function languageAdapter({ config, layers, extra }: Adapter, prefix: string, base: string): SavedFiles {
  const renamed = <T>(map: ReadonlyMap<string, T>) => new Map([...map].map(([name, value]) => [prefix + name, value]));
  return writeAdapter({
    config: { ...config, taskType: "CAUSAL_LM", baseModelNameOrPath: base },
    layers: renamed(layers),
    extra: renamed(extra),
  });
}

/**
 * The files of a cross-encoder's folder: transformers' AutoModelForSequenceClassification with sentence-transformers' settings, or PEFT's adapter
 * on a base, the whole head among `modules_to_save`.
 */
export async function saveCross(saved: SavedCross | SavedAnswers): Promise<SavedFiles> {
  if ("answers" in saved) return saveAnswers(saved);
  const { adapter, merged, tokenizer, base, labels, activation, head, plan, signal, engine } = saved;
  const source = await saved.reopen();
  const files: Files = { ...(await tokenizerFiles(source, tokenizer)) };
  if (saved.hasTypes) files["tokenizer_config.json"] = withInputs(files["tokenizer_config.json"]!);
  const activationFn = torchClasses[activation];
  const isAdapter = adapter !== null && !merged;
  if (isAdapter) Object.assign(files, adapterFiles(adapter.file, saved));
  else {
    await checkBaseUnchanged(saved, source);
    const config = await readRequiredJson(source, "config.json");
    const text = new TextDecoder().decode(await requiredBytes(source, "config.json"));
    files["config.json"] = textBytes(
      `${editedJson<Readonly<Record<string, Json>>>(text, (json) => withLabels(json, labels, activationFn))}\n`,
    );
    const rename = (name: string, file: OpenTensorFile) => withPrefix(name, plan.prefix, file);
    files[WEIGHTS] = await savedWeights({ engine, source, config, adapter, rename, added: head, signal });
  }
  files["modules.json"] = modulesFile([{ path: "", type: "base.modules.transformer.Transformer" }]);
  files["sentence_bert_config.json"] = taskFile("sequence-classification", tokenizer.lowercase);
  files["config_sentence_transformers.json"] = jsonBytes({
    ...versions,
    model_type: "CrossEncoder",
    activation_fn: activationFn,
    prompts: {},
    default_prompt_name: null,
    // An adapter's folder has no config.json to name them.
    ...(isAdapter && { labels }),
  });
  const card = modelCard({
    kind: "cross-encoder",
    base,
    isAdapter,
    metrics: saved.metrics,
    rows: [
      ["labels", labels.length === 1 ? "one score" : labels.join(", ")],
      ["activation", activation],
      ["longest pair", `${tokenizer.maxTokens} tokens`],
    ],
  });
  files["README.md"] = textBytes(card);
  return files;
}

/** tokenizer_config.json that says whether token types are given, which transformers otherwise decides by the tokenizer's class. */
function withInputs(settings: Uint8Array): Uint8Array<ArrayBuffer> {
  const edited = editedJson<Readonly<Record<string, Json>>>(new TextDecoder().decode(settings), (json) => ({
    ...json,
    model_input_names: ["input_ids", ...(givesTypes(json) ? ["token_type_ids"] : []), "attention_mask"],
  }));
  return textBytes(`${edited.trimEnd()}\n`);
}

/** config.json of the model with a head. */
function withLabels(
  config: Readonly<Record<string, Json>>,
  labels: readonly string[],
  activationFn: string,
): Readonly<Record<string, Json>> {
  // A number of labels beside their names could contradict them.
  const { num_labels: _, sbert_ce_default_activation_function: __, problem_type: ___, ...rest } = config;
  return {
    ...rest,
    architectures: [classOf(architectureOf(config))],
    id2label: Object.fromEntries(labels.map((name, i) => [String(i), name])),
    label2id: Object.fromEntries(labels.map((name, i) => [name, i])),
    sentence_transformers: { activation_fn: activationFn, version: versions.__version__.sentence_transformers },
  };
}

/** "BertForSequenceClassification" of "BertModel". */
function classOf(architecture: unknown): string | null {
  const family = /^([A-Z]\w*?)(?:Model|For[A-Z]\w*)$/.exec(typeof architecture === "string" ? architecture : "")?.[1];
  return family === undefined ? null : `${family}ForSequenceClassification`;
}

/** A tensor's name in a file of the model with a head: a bare model's file lacks the prefix. Other heads are left out. */
function withPrefix(name: string, prefix: string, file: OpenTensorFile): string | null {
  const isBare = !file.names.some((other) => other.startsWith(prefix));
  if (isBare) return prefix + name;
  return name.startsWith(prefix) ? name : null;
}

/** PEFT's files of adapter and head. A target that would fit a module of the head is left to the head. */
function adapterFiles(file: Adapter, { plan, head, modules, base }: SavedCross): SavedFiles {
  const isTarget = targetTest(file.config);
  const paths = [plan.dense, plan.out].filter((path) => head.has(`${path}.weight`) && isTarget(path));
  const { excludeModules } = file.config;
  const excluded =
    paths.length === 0 || typeof excludeModules === "string" ? excludeModules : [...(excludeModules ?? []), ...paths];
  const config = { ...file.config, baseModelNameOrPath: base, excludeModules: excluded };
  return withHead(
    { ...file, config },
    {
      taskType: "SEQ_CLS",
      prefix: plan.prefix,
      beside: [],
      before: {},
      saved: modules,
      last: Object.fromEntries(head),
    },
  );
}

/** A cross-encoder's state when `save` was called. */
export interface SavedCross extends SavedEncoder {
  readonly plan: HeadPlan;
  readonly labels: readonly string[];
  readonly activation: CrossActivation;
  /** The head's tensors, by their names in a file of the whole model. */
  readonly head: ReadonlyMap<string, Tensor>;
  /** Names of its modules among `modules_to_save`. */
  readonly modules: readonly string[];
  /** Whether the model has an embedding for the second text's tokens. */
  readonly hasTypes: boolean;
}

/** The saved state of a language model that answers. */
export interface SavedAnswers extends SavedEncoder {
  readonly activation: CrossActivation;
  readonly answers: AnswerSettings;
  /** Prefix of module paths in the language model. */
  readonly prefix: string;
}
