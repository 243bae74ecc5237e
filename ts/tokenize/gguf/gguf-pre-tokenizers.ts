import { gpt4oPattern, llama3Pattern, qwen35Pattern, qwenPattern, tekkenPattern } from "../known-patterns.js";

type Step = { readonly type: string; readonly [field: string]: unknown };

/** The steps before byte-level BPE in a tokenizer.json. */
interface BytePieces {
  readonly normalizer: Step | null;
  readonly preTokenizer: Step;
  /** Whether a piece that equals a token becomes that token without merges. */
  readonly ignoreMerges: boolean;
}

const bytes = (useRegex: boolean): Step => ({
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: useRegex,
});
const split = (pattern: string): Step => ({
  type: "Split",
  pattern: { Regex: pattern },
  behavior: "Isolated",
  invert: false,
});
const sequence = (...pretokenizers: Step[]): Step => ({ type: "Sequence", pretokenizers });

const gpt2: BytePieces = { normalizer: null, preTokenizer: bytes(true), ignoreMerges: false };
const smollm: BytePieces = {
  ...gpt2,
  preTokenizer: sequence({ type: "Digits", individual_digits: true }, bytes(true)),
};
const llama3: BytePieces = { ...gpt2, preTokenizer: sequence(split(llama3Pattern), bytes(false)), ignoreMerges: true };
const qwen: BytePieces = {
  normalizer: { type: "NFC" },
  preTokenizer: sequence(split(qwenPattern), bytes(false)),
  ignoreMerges: false,
};
const qwen35: BytePieces = { ...qwen, preTokenizer: sequence(split(qwen35Pattern), bytes(false)) };
const gpt4o: BytePieces = { ...llama3, preTokenizer: sequence(split(gpt4oPattern), bytes(false)), ignoreMerges: false };
const tekken: BytePieces = { ...llama3, preTokenizer: sequence(split(tekkenPattern), bytes(false)) };
/** llama.cpp's default: punctuation, GPT-2's pieces, digits in groups of three. */
const unnamed: BytePieces = {
  ...gpt2,
  preTokenizer: sequence(
    split("[\\p{P}\\$\\+<=>\\^~\\|]+"),
    split("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"),
    split("\\p{N}+"),
    split("[0-9][0-9][0-9]"),
    bytes(false),
  ),
};

const of = (pieces: BytePieces, names: string) => names.split(" ").map((name) => [name, pieces] as const);

/** Pre-tokenizers by `tokenizer.ggml.pre`, whose names are llama.cpp's. */
export const bytePieces: ReadonlyMap<string, BytePieces> = new Map([
  ...of(gpt2, "gpt-2 phi-2 mpt olmo jais trillion granite-docling roberta-bpe"),
  ...of(smollm, "smollm starcoder refact command-r codeshell exaone minerva-7b"),
  ...of(llama3, "llama-bpe llama3 llama-v3 falcon3 pixtral lfm2"),
  ...of({ ...llama3, ignoreMerges: false }, "dbrx smaug-bpe"),
  ...of(qwen, "qwen2 deepseek-r1-qwen megrez"),
  ...of(qwen35, "qwen35"),
  ...of(gpt4o, "gpt-4o"),
  ...of(tekken, "tekken"),
  ...of(unnamed, "default"),
]);
