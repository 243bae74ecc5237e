import { ConfigError, ModelError, UnsupportedError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { bytesSource } from "../../io/byte-source.js";
import { isJsonObject, type Json } from "../../io/json.js";
import { type ModelSource, readJsonList, readRequiredJson } from "../../io/model-source.js";
import { byteLength, decodeTensor, type OpenTensorFile } from "../../io/safetensors/index.js";
import type { TransformerConfig } from "../../models/architecture.js";
import type { DecoderConfig } from "../../models/decoder/config.js";
import { ChatTemplate } from "../../models/language/chat-template.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { openWeights } from "../../models/load-model.js";
import type { PairTokens } from "../../tokenize/pair-tokens.js";
import type { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import { sameShape } from "../../values/tensor.js";
import { atOnce, type Steps } from "../../waiting/next-task.js";
import { AnswerHead } from "./cross-head.js";

/** A row of a file's table `[vocabulary, hidden]`, in float32, without reading the others: of a large model they take hundreds of MB. */
export async function outputRow(
  file: OpenTensorFile,
  tensor: string,
  row: number,
  { vocabularySize, hiddenSize }: Pick<DecoderConfig, "vocabularySize" | "hiddenSize">,
  allowNonFinite: boolean,
): Promise<Float32Array> {
  const { dtype, shape } = file.info(tensor);
  if (!sameShape(shape, [vocabularySize, hiddenSize]))
    throw new ModelError(
      `model.safetensors: ${clip(tensor)} is ${excerpt(shape)}; config.json calls for [${vocabularySize}, ${hiddenSize}]`,
      { tensor, found: shape, expected: [vocabularySize, hiddenSize] },
    );
  const { grouped } = file;
  const isGrouped = grouped !== undefined && grouped.nearest(tensor) !== null;
  const bytes = isGrouped ? grouped.rowBytes(tensor) : byteLength(dtype, [hiddenSize]);
  const read = await file.raw(tensor, row * bytes, (row + 1) * bytes);
  const values = isGrouped ? grouped.values(tensor, read) : decodeTensor(read, dtype, tensor);
  if (allowNonFinite || values.every(Number.isFinite)) return values;
  throw new ModelError(`model.safetensors: row ${row} of ${clip(tensor)} has values that are not finite`, { tensor });
}

/** What Qwen3-Reranker's model card writes around a pair, in the form in which sentence-transformers reads it. */
const QWEN3 = `<|im_start|>system
Judge whether the Document meets the requirements based on the Query and the Instruct provided. Note that the answer can only be "yes" or "no".<|im_end|>
<|im_start|>user
<Instruct>: {{ messages | selectattr("role", "eq", "system") | map(attribute="content") | first | default("Given a web search query, retrieve relevant passages that answer the query") }}
<Query>: {{ messages | selectattr("role", "eq", "query") | map(attribute="content") | first }}
<Document>: {{ messages | selectattr("role", "eq", "document") | map(attribute="content") | first }}<|im_end|>
<|im_start|>assistant
<think>

</think>
{{ "\\n" }}`;

/** Tokens that it needs. */
const MARKS = ["<|im_start|>", "<|im_end|>"];

/** The text of a pair. */
type Written = (query: string, text: string) => string;

/** How a model's chat template writes a pair, with its messages' roles "query" and "document". */
function writing(template: ChatTemplate, prompt: string | null): Written {
  const before = prompt === null ? [] : [{ role: "system", content: prompt }];
  return (query, text) => {
    const pair = [
      { role: "query", content: query },
      { role: "document", content: text },
    ];
    return template.apply("CrossEncoder", [...before, ...pair], {});
  };
}

/** Whether both texts are in what is written. */
function isForPairs(write: Written): boolean {
  const [query, text] = ["lowrank-query", "lowrank-document"];
  try {
    const written = write(query, text);
    return written.includes(query) && written.includes(text);
  } catch {
    return false;
  }
}

/**
 * How a language model's pairs are written: by its chat template if that knows the roles "query" and "document", as
 * sentence-transformers has it, else as Qwen3-Reranker's. Throws `UnsupportedError` for a tokenizer that lacks the latter's tokens.
 */
export async function pairPrompt(
  from: ModelSource,
  tokenizer: TextTokenizer,
  settings: Readonly<Record<string, Json>>,
  prompt: string | null,
): Promise<{ readonly source: string; readonly write: Written }> {
  const own = await ChatTemplate.read(from, settings);
  if (own !== null && isForPairs(writing(own, prompt))) return { source: own.source, write: writing(own, prompt) };
  try {
    for (const token of MARKS) tokenizer.specialId(token);
  } catch (cause) {
    throw new UnsupportedError(
      `CrossEncoder.load: model ${clip(from.name)} has no chat template with the roles "query" and "document", and no ${MARKS.join(", ")} for Qwen3-Reranker's`,
      { op: "CrossEncoder.load", model: from.name, key: "chat_template" },
      { cause },
    );
  }
  const qwen = { name: from.name, open: () => Promise.resolve(bytesSource(new TextEncoder().encode(QWEN3))) };
  return { source: QWEN3, write: writing((await ChatTemplate.read(qwen, settings))!, prompt) };
}

/** Turns pairs into the tokens of a prompt. One that is too long loses the end of its last text, not what comes after it. */
export class PromptedPairs {
  /** Tokens at the end of every pair. */
  private readonly end: readonly number[];

  constructor(
    private readonly tokenizer: TextTokenizer,
    private readonly write: Written,
  ) {
    const [one, other] = [this.idsOf("a", "b"), this.idsOf("c d", "e f")];
    let same = 0;
    while (same < one.length && one.at(-1 - same) === other.at(-1 - same)) same++;
    this.end = one.slice(one.length - same);
  }

  encode(first: string, second: string): PairTokens {
    return atOnce(this.encodeSteps(first, second));
  }

  /** `encode` in steps. */
  *encodeSteps(first: string, second: string): Steps<PairTokens> {
    const { maxTokens } = this.tokenizer;
    const { ids: all } = yield* this.tokenizer.ownSteps(this.write(first, second), maxTokens + 1);
    const kept = Math.max(0, maxTokens - this.end.length);
    const ids = all.length <= maxTokens ? all : [...all.slice(0, kept), ...this.end].slice(-maxTokens);
    return { ids: Int32Array.from(ids), types: new Int32Array(ids.length), length: ids.length };
  }

  /** Ids of a pair, one more than there is room for at most. */
  private idsOf(first: string, second: string): readonly number[] {
    return this.tokenizer.ownIds(this.write(first, second), this.tokenizer.maxTokens + 1);
  }
}

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
