import { AdapterError, UnsupportedError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import { isJsonObject, type Json } from "../io/json.js";
import { architectureOf } from "../io/model-source.js";
import { type Adapter, baseTensor, isTokenRows, withoutCopies } from "../io/peft/index.js";
import { relatePaths } from "../io/peft/base-names.js";
import type { OpenTensorFile } from "../io/safetensors/index.js";
import { sameShape } from "../values/tensor.js";
import { modelTypeOf } from "./orientation.js";

/*
 * Names of output layers that are tied to the word embeddings, as in transformers' _tied_weights_keys. Files do not contain them, so only
 * the model's type determines the name that transformers expects.
 */
const outputs: { readonly [output: string]: string } = {
  "cls.predictions.decoder":
    "bert big_bird deberta deberta-v2 ernie fnet layoutlm lxmert megatron-bert mobilebert mra nomic_bert nystromformer rembert " +
    "roc_bert roformer squeezebert tapas visual_bert yoso",
  "lm_head.decoder":
    "bert-generation camembert data2vec-text esm gte ibert jina_embeddings_v3 longformer mpnet roberta roberta-prelayernorm xlm-roberta " +
    "xlm-roberta-xl xmod",
  "lm_head.out_proj": "t5gemma t5gemma2",
  "predictions.decoder": "albert",
  "text_decoder.cls.predictions.decoder": "blip",
  "text_model.lm_head": "kosmos-2",
  decoder: "modernbert modernbert-decoder",
  embed_out: "gpt_neox gpt_neox_japanese",
  generator_lm_head: "convbert electra",
  head: "rwkv",
  lm_loss: "xlnet",
  output: "git",
  output_projection: "biogpt trocr",
  "pred_layer.proj": "flaubert xlm",
  proj_out: "canary cohere_asr moonshine moonshine_streaming whisper",
  vocab_projector: "distilbert",
};

const byType = new Map(
  Object.entries(outputs).flatMap(([output, types]) => types.split(" ").map((type) => [type, output])),
);

/** Path of the output layer in a model of that type; for unknown types the usual one. */
const outputLayer = (modelType: string | null): string => byType.get(modelType ?? "") ?? "lm_head";

type ModelConfig = { readonly [key: string]: Json };

/** An output layer that gets its own weight instead of the tied word embeddings. */
export interface Untied {
  /** The output's tensor, new in the file or separated from the embeddings. */
  readonly output: string;
  /** The tensor that it copies. */
  readonly embedding: string;
  /** Whether the base's files lack it. */
  readonly isNew: boolean;
}

/** The module of the trained rows. */
const pathOfRows = (name: string) => baseTensor(name).slice(0, -".weight".length);

const wordEmbeddings =
  /(^|\.)(embed_tokens|wte|embed_in|word_embeddings?|tok_embeddings|shared|tokens_embed|embeddings|transformer\.w)$/;
const outputLayers =
  /(^|\.)(lm_head|decoder|embed_out|vocab_projector|generator_lm_head|output_projection|proj_out|lm_loss|pred_layer\.proj)$/;
const withOutput =
  /(ForCausalLM|LMHeadModel|ForConditionalGeneration|ForMaskedLM|ForPreTraining|DoubleHeadsModel|BertGenerationDecoder)$/;
/** Architectures whose tied output scales its input, and whose untied output does not. */
const scaledWhereTied = new Set([
  "t5",
  "mt5",
  "umt5",
  "longt5",
  "switch_transformers",
  "pix2struct",
  "pop2piano",
  "udop",
]);

/**
 * Finds whether an adapter changes only one of two tied weights: word embeddings and output. PEFT changes both when it merges; here the
 * output gets its own copy, as in training.
 * @param config config.json; null if missing: then only a missing output layer shows the tie
 * @returns null if nothing is tied, or the adapter changes neither
 * @throws `UnsupportedError` for architectures in which an untied output computes something else, `AdapterError` for trained rows of both together with a whole output weight, or with DoRA on it
 */
export function findUntied(adapter: Adapter, base: OpenTensorFile, config: ModelConfig | null): Untied | null {
  const paths = relatePaths([...adapter.layers.keys()], new Set(base.names));
  const changed = [...adapter.layers.keys()].map((path) => paths.toBase(path));
  const replaced = [...adapter.extra.keys()]
    .filter((name) => name.endsWith(".weight") && !/\.(base_layer|original_module)\./.test(name))
    .map((name) => paths.toBase(baseTensor(name).slice(0, -".weight".length)));
  // Rows of the embedding are also the output's; rows of the output are only its own.
  const ownRows = [...adapter.extra.keys()].filter(isTokenRows).map((name) => paths.toBase(pathOfRows(name)));
  const embedding = base.names.find((name) => wordEmbeddings.test(name.slice(0, -".weight".length)));
  if (embedding === undefined) return null;
  const embeddingPath = embedding.slice(0, -".weight".length);
  const known = outputOf(config);
  const isOutput = (path: string) => outputLayers.test(path) || `${path}.weight` === known;
  const touched = new Set([...changed, ...replaced, ...ownRows.filter(isOutput)]);
  const missing = [...touched].find((path) => isOutput(path) && !base.has(`${path}.weight`));
  const output = missing === undefined ? known : `${missing}.weight`;
  if (output === null) return null;
  const isNew = !base.has(output);
  const shape = base.info(embedding).shape;
  if (!isNew && (!saysTied(config) || !sameShape(base.info(output).shape, shape))) return null;
  const outputPath = output.slice(0, -".weight".length);
  if (!touched.has(embeddingPath) && !touched.has(outputPath)) return null;
  const update = [...adapter.layers].find(([path]) => paths.toBase(path) === outputPath)?.[1];
  const hasTableRows = touched.has(outputPath) && ownRows.includes(embeddingPath) && !ownRows.includes(outputPath);
  if (hasTableRows && (update === undefined || update.magnitude !== undefined))
    throw new AdapterError(
      `merge: the adapter has rows of ${clip(embedding)}, which are the output layer's too, beside all of ${clip(output)} or DoRA on it: these do not ` +
        "go together; leave one out",
      { op: "merge", tensor: embedding, name: output },
    );
  const type = modelTypeOf(config);
  if (type !== null && scaledWhereTied.has(type))
    throw new UnsupportedError(
      `merge: the adapter changes one of ${clip(type, 40)}'s embeddings and output, which are one weight; with an output of its own ` +
        "that model computes something else: keep base and adapter apart",
      { op: "merge", tensor: embedding, reason: "tied" },
    );
  return { output, embedding, isNew };
}

/** The output layer of an architecture; null if it has none. */
function outputOf(config: ModelConfig | null): string | null {
  const name = architectureOf(config);
  if (typeof name !== "string" || !withOutput.test(name)) return null;
  return `${outputLayer(modelTypeOf(config))}.weight`;
}

function saysTied(config: ModelConfig | null): boolean {
  const text = config?.["text_config"];
  return config?.["tie_word_embeddings"] === true || (isJsonObject(text) && text["tie_word_embeddings"] === true);
}

/** config.json of a model with an untied output. */
export function untiedConfig(config: ModelConfig): ModelConfig {
  const text = config["text_config"];
  const untied = { ...config, tie_word_embeddings: false };
  return isJsonObject(text) ? { ...untied, text_config: { ...text, tie_word_embeddings: false } } : untied;
}

/** Suffixes of transformers' model classes with a head, by PEFT's task. */
const classes: Readonly<Record<string, string>> = {
  SEQ_CLS: "ForSequenceClassification",
  TOKEN_CLS: "ForTokenClassification",
};
/** The last layer of their heads. */
const lastLayer = /^(?:classifier(?:\.out_proj)?|score)\.weight$/;

/** Number of labels of the classifier in an adapter's file; null if there is none. */
export function headLabels({ config, extra }: Adapter): number | null {
  if (!Object.hasOwn(classes, config.taskType ?? "")) return null;
  for (const [name, { shape }] of withoutCopies(extra))
    if (lastLayer.test(baseTensor(name)) && shape.length === 2) return shape[0]!;
  return null;
}

/**
 * Prefix of the model's names in an adapter for a model with a head, if the base has neither head nor prefix: "bert." beside
 * "classifier.weight". The merged model has the names of the model with a head. Otherwise "".
 */
export function prefixOfHead({ layers, extra }: Adapter, base: OpenTensorFile): string {
  const paths = relatePaths([...layers.keys()], new Set(base.names));
  const isNew = (name: string) => !isTokenRows(name) && !base.has(paths.toBase(baseTensor(name)));
  if (![...withoutCopies(extra)].some(([name]) => isNew(name))) return "";
  for (const path of layers.keys()) {
    const own = paths.toBase(path);
    if (own !== path && path.endsWith(own)) return path.slice(0, -own.length);
  }
  return "";
}

/** A file's tensors with a prefix before each name. */
export function withPrefix(file: OpenTensorFile, prefix: string): OpenTensorFile {
  if (prefix === "") return file;
  const own = (name: string) => name.slice(prefix.length);
  return {
    names: file.names.map((name) => prefix + name),
    metadata: file.metadata,
    has: (name) => name.startsWith(prefix) && file.has(own(name)),
    info: (name) => file.info(own(name)),
    tensor: async (name) => file.tensor(own(name)),
    raw: async (name, begin, end, into) => file.raw(own(name), begin, end, into),
    close: () => file.close(),
  };
}

/** The class of the base's family with a head for the adapter's task, such as "BertForTokenClassification"; null if unknown. */
export function architectureWithHead({ config: { taskType } }: Adapter, config: ModelConfig | null): string | null {
  const kind = Object.hasOwn(classes, taskType ?? "") ? classes[taskType!]! : null;
  const name = architectureOf(config);
  if (kind === null || typeof name !== "string") return null;
  const family = /^([A-Z]\w*?)(?:LMHeadModel|Model|For[A-Z]\w*)$/.exec(name)?.[1];
  return family === undefined ? null : family + kind;
}

/**
 * config.json of the model with a head.
 * @param labels names of the classes, if known
 */
export function configWithHead(
  config: ModelConfig,
  { architecture, count }: NewHead,
  labels: readonly string[] | null,
): ModelConfig {
  // A number of labels beside their names could contradict them.
  const { num_labels: _, ...rest } = config;
  const named = architecture === null ? rest : { ...rest, architectures: [architecture] };
  if (count === null) return named;
  const known = config["id2label"];
  const isKnown = typeof known === "object" && known !== null && Object.keys(known).length === count;
  if (labels?.length !== count && isKnown) return named;
  const names = labels?.length === count ? labels : Array.from({ length: count }, (_, i) => `LABEL_${i}`);
  return {
    ...named,
    id2label: Object.fromEntries(names.map((name, i) => [String(i), name])),
    label2id: Object.fromEntries(names.map((name, i) => [name, i])),
  };
}

/** A head of the adapter that the base lacks. */
export interface NewHead {
  readonly names: readonly string[];
  /** The class of the model with it; null if unknown. */
  readonly architecture: string | null;
  /** Labels; null if it is not a classifier. */
  readonly count: number | null;
}

/** Warnings about a merged model with a head that the base lacks. */
export function headWarning({ names, architecture, count }: NewHead): string {
  const says =
    architecture === null
      ? "whether config.json says what the model needs for it, such as its class, is not known here"
      : `config.json says ${architecture}${count === null ? "" : ` with ${count} labels`}`;
  return `the base has no ${clip(names.join(", "))}, which the adapter's modules_to_save hold: added; ${says}`;
}
