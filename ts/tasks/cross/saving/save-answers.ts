import type { SavedFiles } from "../../../io/file-access.js";
import { readRequiredJson } from "../../../io/model-source.js";
import { type Adapter, writeAdapter } from "../../../io/peft/index.js";
import { WEIGHTS } from "../../../io/safetensors/index.js";
import {
  bytesOf,
  type Files,
  jsonBytes,
  modulesFile,
  requiredBytes,
  textBytes,
  tokenizerFiles,
  versions,
} from "../../../models/sentence/saving/folder-files.js";
import { modelCard } from "../../../models/sentence/saving/model-card.js";
import { savedWeights } from "../../../models/sentence/saving/saved-weights.js";
import { torchClasses } from "../activations.js";
import type { SavedAnswers } from "./saved-state.js";

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
