import { ConfigError, ModelError, UnsupportedError } from "../../../errors/errors.js";
import { clip, excerpt } from "../../../errors/excerpt.js";
import { isJsonObject, type Json } from "../../../io/json.js";
import { type ModelSource, readJsonList, readRequiredJson } from "../../../io/model-source.js";
import type { OpenTensorFile } from "../../../io/safetensors/index.js";
import type { TransformerConfig } from "../../../models/architecture.js";
import type { DecoderConfig } from "../../../models/decoder/config.js";
import type { SentenceEncoder } from "../../../models/sentence/sentence-encoder.js";
import { openWeights } from "../../../models/tensor-files.js";
import { AnswerHead } from "./answer-head.js";
import { outputRow } from "./output-row.js";
import { pairPrompt, PromptedPairs } from "./pair-prompt.js";

const what = "CrossEncoder.load";

type Settings = Readonly<Record<string, Json>>;

/** What is given with a language model to score pairs by. */
export interface AnswerOptions {
  /** config_sentence_transformers.json */
  readonly settings: Settings;
  /** The instruction, if the caller gave one. */
  readonly prompt: string | undefined;
  readonly allowNonFinite: boolean;
}

/**
 * The head of a language model that answers "yes" or "no": sentence-transformers' LogitScore, or transformers' checkpoint of Qwen3-Reranker
 * without it. Returns what makes it in the encoder's graph. Throws `ModelError` for files that lack its tokens or output layer, `UnsupportedError` for other models and templates.
 */
export async function openAnswers(encoder: SentenceEncoder, from: ModelSource, options: AnswerOptions) {
  const { graph, model, tokenizer, layout } = encoder;
  const config = model.config;
  const { prompt: asked } = options;
  if (!isDecoder(config))
    throw new ConfigError(
      `${what}: prompt is a language model's instruction, and ${clip(from.name)} is none: omit it`,
      {
        op: what,
        option: "prompt",
      },
    );
  if (config.logitCap !== null)
    throw new UnsupportedError(
      `${what}: model ${clip(from.name)}: the difference of two logits is the score, and this model's logits have a cap`,
      { op: what, model: from.name, key: "final_logit_softcapping" },
    );
  const tokens = await tokensOf(encoder, from);
  const file = await openWeights(from);
  let weight: Float32Array;
  try {
    const name = outputName(file, config, encoder);
    const rowOf = (id: number) => outputRow(file, name, id, config, options.allowNonFinite);
    const [yes, no] = [await rowOf(tokens.yes), tokens.no === null ? null : await rowOf(tokens.no)];
    weight = no === null ? yes : yes.map((x, i) => x - no[i]!);
  } finally {
    await file.close();
  }
  const given = asked ?? namedPrompt(options.settings);
  const prompt = given === "" ? null : given;
  const { source, write } = await pairPrompt(from, tokenizer, layout.tokenizerConfig, prompt);
  const answers = { ...tokens, template: source, prompt };
  const pairs = new PromptedPairs(tokenizer, write);
  return () => new AnswerHead(graph, weight, answers, pairs);
}

const isScore = (module: Json): module is { type: string; path: string } =>
  isJsonObject(module) && /\bLogitScore$/.test(String(module["type"])) && /^[\w-][\w.-]*$/.test(String(module["path"]));

const isDecoder = (config: TransformerConfig): config is DecoderConfig => "logitCap" in config;

/** The prompt that the files take by default; null for none. */
function namedPrompt({ prompts = null, default_prompt_name: name = null }: Settings): string | null {
  const found = isJsonObject(prompts) && typeof name === "string" ? prompts[name] : null;
  return typeof found === "string" ? found : null;
}

/** The two tokens: by the module LogitScore, else "yes" and "no", as sentence-transformers takes them. */
async function tokensOf({ tokenizer, model }: SentenceEncoder, from: ModelSource) {
  const module = (await readJsonList(from, "modules.json"))?.find(isScore);
  if (module === undefined) return { yes: tokenizer.specialId("yes"), no: tokenizer.specialId("no") };
  const file = `${module.path}/config.json`;
  const json = await readRequiredJson(from, file);
  const id = (key: string) => {
    const value = json[key];
    if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < model.config.vocabularySize)
      return value as number;
    throw new ModelError(`model ${clip(from.name)}: ${file}: ${key} must be a token's id, got ${excerpt(value)}`, {
      model: from.name,
      file,
      key,
      value,
    });
  };
  return { yes: id("true_token_id"), no: (json["false_token_id"] ?? null) === null ? null : id("false_token_id") };
}

/** What the file calls the output layer's weight. */
function outputName(file: OpenTensorFile, { tied }: DecoderConfig, { model }: SentenceEncoder): string {
  const wanted = tied ? [`${model.tables[0]!.path}.weight`] : ["lm_head.weight", "embed_out.weight"];
  const found = file.names.find((name) => wanted.some((own) => name === own || name.endsWith(`.${own}`)));
  if (found !== undefined) return found;
  throw new ModelError(`${what}: model.safetensors has no tensor "${wanted[0]!}", the output layer of its logits`, {
    op: what,
    tensor: wanted[0],
  });
}
