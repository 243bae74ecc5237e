import { type Engine, SentenceEncoder, TextClassifier } from "../../../index.js";
import { bytesSource } from "../../../io/byte-source.js";
import type { ModelSource } from "../../../io/model-source.js";
import { fillSafetensors, WEIGHTS } from "../../../io/safetensors/index.js";
import { modelPlan } from "../../../models/architectures.js";
import { decoderPlan } from "../../../models/decoders.js";
import { stopwatch } from "../../../waiting/next-task.js";
import {
  batchOf,
  checkedSteps,
  counter,
  languageWork,
  type LoadedModel,
  type ModelWork,
  type WorkOptions,
} from "./model-work.js";

/** Most tokens of a text, with the two around it. */
const TEXT = 32;

/** An encoder's vectors of a batch, and a training step of a classifier on it with LoRA. */
async function encoderWork(engine: Engine, source: ModelSource, options: WorkOptions): Promise<LoadedModel> {
  const { signal } = options;
  const { texts: count, tokens } = batchOf(options.tokens, TEXT);
  const encoder = await SentenceEncoder.load(source, { engine, signal });
  const classifier = TextClassifier.create(encoder, { labels: ["even", "odd"], lora: { rank: 8 } });
  const texts = Array.from({ length: count }, (_, i) => textOfLetters(i, tokens - 2));
  const shared = { shape: `${count}×${tokens}`, tokens: count * tokens };
  const stopping = signal && { signal };
  const encode = () => encoder.encode(texts, { adapter: null, ...stopping });
  const encoding: ModelWork = {
    work: "encode",
    ...shared,
    async check() {
      const count = counter(engine);
      const vectors = await encode();
      return { numbers: vectors.flatMap((vector) => [...vector]), counts: count() };
    },
    async sample() {
      const elapsed = stopwatch();
      await encode();
      return [elapsed()];
    },
  };
  const examples = texts.map((text, i) => ({ text, label: i % 2 === 0 ? ("even" as const) : ("odd" as const) }));
  const fitting = { batchSize: count, ...stopping };
  const step: ModelWork = {
    work: "LoRA step",
    ...shared,
    check: () => checkedSteps(engine, (options) => classifier.fit(examples, { ...fitting, ...options })),
    // The first step of a call has its optimizer to prepare.
    sample: async () =>
      (await classifier.fit(examples, { ...fitting, steps: 3 })).steps.slice(1).map(({ milliseconds }) => milliseconds),
  };
  return {
    work: [encoding, step],
    dispose() {
      classifier.dispose();
      encoder.dispose();
    },
  };
}

/** Bits of 1 in bfloat16. */
const ONE = 0x3f80;
/** Bits of 2⁻⁶ in bfloat16, whose sign and 7 bits of fraction are random. */
const SMALL = 0x3c80;
const RANDOM_BITS = 0x807f;

/** A model with random weights in bfloat16, so that nothing is downloaded: the same weights each time. */
async function randomModel({ name, task, config }: ModelShape): Promise<ModelSource> {
  const plan = task === "language" ? decoderPlan(config) : await modelPlan(config);
  const tensors = [...plan.tensors()].map(({ name, shape }) => ({ name, shape, dtype: "BF16" as const }));
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const files: Readonly<Record<string, Uint8Array>> = {
    "config.json": json(config),
    [WEIGHTS]: fillSafetensors(tensors, fillRandom),
    // Prompts of language models are token ids.
    ...(task === "encoder" && { "tokenizer.json": json(lettersTokenizer()) }),
  };
  return {
    name: `random weights of ${name}'s shape`,
    open: async (file) => (Object.hasOwn(files, file) ? bytesSource(files[file]!) : null),
  };
}

/** Norms are 1, everything else from −2⁻⁵ to 2⁻⁵. */
function fillRandom({ name }: { readonly name: string }, into: Uint8Array): void {
  const values = new Uint16Array(into.buffer, into.byteOffset, into.byteLength / 2);
  if (/norm.*weight$/i.test(name)) return void values.fill(ONE);
  // A linear congruential generator (Numerical Recipes), whose high bits are random enough.
  let state = name.length;
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    values[i] = SMALL | ((state >>> 16) & RANDOM_BITS);
  }
}

/** A model to measure. */
export interface MeasuredModel {
  readonly name: string;
  readonly task: "encoder" | "language";
  /** Files, opened when its turn comes. */
  readonly open: () => Promise<ModelSource>;
  /** Whether its weights are random, in the shape of the model of that name. */
  readonly random: boolean;
  /** Whether it is measured on a software adapter too, which takes minutes for a model of a usual size. */
  readonly always: boolean;
}

/** A model of random weights. */
export const withRandomWeights = (shape: ModelShape, always = false): MeasuredModel => ({
  name: shape.name,
  task: shape.task,
  open: () => randomModel(shape),
  random: true,
  always,
});

/** Loads a model: an encoder in float32, a language model in the file's format. Random weights of one are quantised as its usual file's are. */
export async function loadMeasured(
  engine: Engine,
  { task, random }: MeasuredModel,
  source: ModelSource,
  options: WorkOptions,
): Promise<LoadedModel> {
  if (task === "encoder") return encoderWork(engine, source, options);
  return languageWork(engine, source, random ? "q4" : "auto", options);
}

/** Milliseconds of a sample, and tokens a second at the fastest. */
export interface ModelTimes {
  readonly fastest: number;
  readonly median: number;
  readonly tokensPerSecond: number;
}

/** Times a model's work for about so many seconds, and twice at least. */
export async function timeWork({ sample, tokens }: ModelWork, seconds: number): Promise<ModelTimes> {
  const samples: number[] = [];
  for (const elapsed = stopwatch(), calls = { done: 0 }; calls.done < 2 || elapsed() < 1000 * seconds; calls.done++)
    samples.push(...(await sample()));
  samples.sort((a, b) => a - b);
  const fastest = samples[0]!;
  return { fastest, median: samples[samples.length >> 1]!, tokensPerSecond: (1000 * tokens) / fastest };
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/** A tokenizer.json of BERT's kind in which each letter is a token, for a model without a vocabulary of its own. */
function lettersTokenizer() {
  const tokens = [...SPECIAL, ...LETTERS];
  const special = (name: string, id: number) => ({ [name]: { id: name, ids: [id], tokens: [name] } });
  const piece = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
  return {
    version: "1.0",
    added_tokens: SPECIAL.map((content, id) => ({ id, content, normalized: false, special: true, ...PLAIN })),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "TemplateProcessing",
      single: [piece("[CLS]"), { Sequence: { id: "A", type_id: 0 } }, piece("[SEP]")],
      pair: [piece("[CLS]"), { Sequence: { id: "A", type_id: 0 } }, piece("[SEP]")],
      special_tokens: { ...special("[CLS]", 2), ...special("[SEP]", 3) },
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    },
  };
}

const PLAIN = { single_word: false, lstrip: false, rstrip: false };

/** The text of a number whose words are letters, each a token of nearly every vocabulary. */
const textOfLetters = (number: number, words: number): string =>
  Array.from({ length: words }, (_, i) => LETTERS[(number * 7 + i * 5) % LETTERS.length]).join(" ");

/** A model to measure: by its config.json, or by its files. */
export interface ModelShape {
  /** Name of the model whose sizes these are. */
  readonly name: string;
  readonly task: "encoder" | "language";
  /** Contents of config.json. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** all-MiniLM-L6-v2: 23 million parameters. */
export const MINILM: ModelShape = {
  name: "all-MiniLM-L6-v2",
  task: "encoder",
  config: {
    model_type: "bert",
    vocab_size: 30522,
    hidden_size: 384,
    num_hidden_layers: 6,
    num_attention_heads: 12,
    intermediate_size: 1536,
    hidden_act: "gelu",
    layer_norm_eps: 1e-12,
    max_position_embeddings: 512,
    type_vocab_size: 2,
    pad_token_id: 0,
  },
};

/** SmolLM2-135M: 135 million parameters. */
export const SMOLLM2: ModelShape = {
  name: "SmolLM2-135M",
  task: "language",
  config: {
    model_type: "llama",
    vocab_size: 49152,
    hidden_size: 576,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    intermediate_size: 1536,
    hidden_act: "silu",
    rms_norm_eps: 1e-5,
    max_position_embeddings: 8192,
    rope_theta: 100000,
    tie_word_embeddings: true,
  },
};
