import { ModelError, UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { GgufFile, GgufValue } from "../../io/gguf/index.js";
import { bytePieces } from "./gguf-pre-tokenizers.js";

/** Longest piece whose parts are looked at, in UTF-16 units: SentencePiece's own are 16 characters. */
const LONGEST = 64;
/** Normal pieces and user-defined ones can be parts of others. */
const isPart = (type: number) => type === 1 || type === 4;

/**
 * The merges by which BPE makes the pieces of a SentencePiece vocabulary: each pair of pieces that makes a piece, those of the
 * best scores first.
 */
export function pieceMerges(
  tokens: readonly string[],
  scores: Float32Array,
  types: Int32Array,
): (readonly [string, string])[] {
  const ids = new Map<string, number>();
  for (let id = 0; id < tokens.length; id++) if (isPart(types[id]!)) ids.set(tokens[id]!, id);
  const found: { readonly pair: readonly [string, string]; readonly score: number; readonly ranks: number[] }[] = [];
  for (let id = 0; id < tokens.length; id++) {
    const token = tokens[id]!;
    if (types[id] !== 1 || token.length > LONGEST) continue;
    for (let cut = 1; cut < token.length; cut++) {
      const pair = [token.slice(0, cut), token.slice(cut)] as const;
      const [left, right] = [ids.get(pair[0]), ids.get(pair[1])];
      if (left === undefined || right === undefined) continue;
      found.push({ pair, score: scores[id]!, ranks: [cut, token.length - cut, -left, -right] });
    }
  }
  // Among equal scores those of longer parts, as Hugging Face's converter has them.
  found.sort((a, b) => b.score - a.score || b.ranks.map((rank, i) => rank - a.ranks[i]!).find((x) => x !== 0) || 0);
  return found.map(({ pair }) => pair);
}

/** A tokenizer in Hugging Face's layout: the two files, as objects. */
interface TokenizerObjects {
  readonly tokenizer: object;
  readonly config: { readonly [key: string]: unknown };
}

/** Kinds of tokens, by the numbers of `tokenizer.ggml.token_type`. */
export const tokenTypes = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;
const { unknown: UNKNOWN, control: CONTROL, userDefined: USER_DEFINED } = tokenTypes;

type Metadata = Pick<GgufFile, "metadata">["metadata"];

/** A file's tokenizer metadata, checked. */
class GgufVocabulary {
  readonly tokens: readonly string[];
  readonly types: Int32Array;

  constructor(private readonly metadata: Metadata) {
    this.tokens = this.strings("tokens");
    const types = this.get("token_type");
    if (types !== undefined && !(types instanceof Int32Array && types.length === this.tokens.length))
      throw this.wrong("token_type", `a list of ${this.tokens.length} 32-bit integers`, types);
    this.types = types ?? new Int32Array(this.tokens.length).fill(1);
  }

  get(name: string): GgufValue | undefined {
    return this.metadata.get(`tokenizer.ggml.${name}`);
  }

  strings(name: string): readonly string[] {
    const value = this.get(name);
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
    throw this.wrong(name, "a list of strings", value);
  }

  scores(): Float32Array {
    const value = this.get("scores");
    if (value instanceof Float32Array && value.length === this.tokens.length) return value;
    throw this.wrong("scores", `a list of ${this.tokens.length} numbers`, value);
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.get(name) ?? otherwise;
    if (typeof value === "boolean") return value;
    throw this.wrong(name, "true or false", value);
  }

  /** A token by the key of its id; null if the file has none. */
  token(name: string): { readonly id: number; readonly content: string } | null {
    const id = this.get(`${name}_token_id`);
    if (id === undefined) return null;
    const content = typeof id === "number" ? this.tokens[id] : undefined;
    if (content === undefined) throw this.wrong(`${name}_token_id`, `an id below ${this.tokens.length}`, id);
    return { id: id as number, content };
  }

  wrong(name: string, expected: string, value: unknown): ModelError {
    return new ModelError(`tokenizer.ggml.${name} must be ${expected}, got ${excerpt(value)}`, { key: name, expected });
  }
}

/**
 * tokenizer.json and tokenizer_config.json from a GGUF file's metadata; null if it has no tokenizer. Throws `ModelError` for invalid
 * metadata, `UnsupportedError` for models other than "gpt2", "llama" and "gemma4", and for an unknown pre-tokenizer (`tokenizer.ggml.pre`).
 */
export function ggufTokenizer({ metadata }: Pick<GgufFile, "metadata">): TokenizerObjects | null {
  const kind = metadata.get("tokenizer.ggml.model");
  if (kind === undefined) return null;
  const vocabulary = new GgufVocabulary(metadata);
  if (kind !== "gpt2" && kind !== "llama" && kind !== "gemma4")
    throw new UnsupportedError(
      `tokenizer.ggml.model ${excerpt(kind)} is not supported; "gpt2", "llama" and "gemma4" are`,
      { key: "tokenizer.ggml.model", value: kind },
    );
  const parts = kind === "gpt2" ? byteParts(vocabulary) : pieceParts(vocabulary, kind === "gemma4");
  const template = metadata.get("tokenizer.chat_template");
  const named = ["bos", "eos", "unknown", "padding"].map((name) => vocabulary.token(name)?.content);
  const [bos_token, eos_token, unk_token, pad_token] = named;
  return {
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: addedTokens(vocabulary),
      ...parts,
      post_processor: aroundTexts(vocabulary, kind !== "gpt2"),
    },
    config: {
      bos_token,
      eos_token,
      unk_token,
      pad_token,
      ...(typeof template === "string" ? { chat_template: template } : {}),
    },
  };
}

/** Tokens that end a turn, as published models spell them: files often name the end of a text alone. */
const ENDS_OF_TURNS = [
  "<|im_end|>",
  "<|eot_id|>",
  "<|eom_id|>",
  "<|end|>",
  "<end_of_turn>",
  "<turn|>",
  "<|endoftext|>",
  "<|end_of_text|>",
];

/** Ids that end generation: the file's `eos`, `eot` and `eom`, and control tokens with such names. */
export function ggufEnds({ metadata }: Pick<GgufFile, "metadata">): number[] {
  if (metadata.get("tokenizer.ggml.tokens") === undefined) {
    const id = metadata.get("tokenizer.ggml.eos_token_id");
    return typeof id === "number" ? [id] : [];
  }
  const vocabulary = new GgufVocabulary(metadata);
  const named = ["eos", "eot", "eom"].flatMap((name) => vocabulary.token(name)?.id ?? []);
  const spelled = ENDS_OF_TURNS.map((content) => vocabulary.tokens.indexOf(content));
  return [...new Set([...named, ...spelled.filter((id) => vocabulary.types[id] === CONTROL)])];
}

function byteParts(vocabulary: GgufVocabulary): object {
  const pre = vocabulary.get("pre") ?? "default";
  const pieces = typeof pre === "string" ? bytePieces.get(pre) : undefined;
  if (pieces === undefined)
    throw new UnsupportedError(
      `tokenizer.ggml.pre ${excerpt(pre)} is not known; known are ${[...bytePieces.keys()].join(", ")}`,
      { key: "tokenizer.ggml.pre", value: pre },
    );
  const merges = vocabulary.strings("merges");
  const model = { type: "BPE", vocab: ids(vocabulary), merges, ignore_merges: pieces.ignoreMerges };
  const decoder = { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true };
  return { normalizer: pieces.normalizer, pre_tokenizer: pieces.preTokenizer, decoder, model };
}

/**
 * SentencePiece's pieces: the pair with the best piece is merged first, or pairs are merged in the file's own order; characters without a piece
 * become bytes.
 */
function pieceParts(vocabulary: GgufVocabulary, hasMerges: boolean): object {
  const isPrefixed = vocabulary.flag("add_space_prefix", !hasMerges);
  const space = { type: "Replace", pattern: { String: " " }, content: "▁" };
  const prepend = { type: "Prepend", prepend: "▁" };
  const normalizers = isPrefixed ? [prepend, space] : [space];
  const spaces = { type: "Replace", pattern: { String: "▁" }, content: " " };
  const first = isPrefixed ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : [];
  const vocab = ids(vocabulary);
  const merges =
    hasMerges && vocabulary.get("merges") !== undefined
      ? vocabulary.strings("merges")
      : pieceMerges(vocabulary.tokens, vocabulary.scores(), vocabulary.types);
  const unknown = vocabulary.token("unknown")?.content ?? null;
  return {
    normalizer: { type: "Sequence", normalizers },
    pre_tokenizer: null,
    decoder: { type: "Sequence", decoders: [spaces, { type: "ByteFallback" }, { type: "Fuse" }, ...first] },
    model: { type: "BPE", vocab, merges, unk_token: unknown, fuse_unk: true, byte_fallback: true },
  };
}

/** Ids by token; of duplicate tokens the last. */
function ids({ tokens }: GgufVocabulary): object {
  const vocab = Object.create(null) as Record<string, number>;
  for (let id = 0; id < tokens.length; id++) vocab[tokens[id]!] = id;
  return vocab;
}

/** Tokens that are matched literally in texts. */
function addedTokens({ tokens, types }: GgufVocabulary): object[] {
  const added: object[] = [];
  for (let id = 0; id < tokens.length; id++) {
    const [type, content] = [types[id]!, tokens[id]!];
    const special = type === CONTROL || type === UNKNOWN;
    if ((!special && type !== USER_DEFINED) || content === "") continue;
    added.push({ id, content, special, single_word: false, lstrip: false, rstrip: false, normalized: false });
  }
  return added;
}

/** Special tokens before and after each text. llama.cpp adds a start token for SentencePiece, unless the file says otherwise. */
function aroundTexts(vocabulary: GgufVocabulary, byDefault: boolean): object | null {
  const [bos, eos] = [vocabulary.token("bos"), vocabulary.token("eos")];
  const first = vocabulary.flag("add_bos_token", byDefault) ? bos : null;
  const last = vocabulary.flag("add_eos_token", false) ? eos : null;
  const marks = [first, last].flatMap((token) => (token === null ? [] : [token]));
  if (marks.length === 0) return null;
  const mark = (token: typeof bos) => (token === null ? [] : [{ SpecialToken: { id: token.content, type_id: 0 } }]);
  return {
    type: "TemplateProcessing",
    single: [...mark(first), { Sequence: { id: "A", type_id: 0 } }, ...mark(last)],
    pair: [],
    special_tokens: Object.fromEntries(
      marks.map(({ id, content }) => [content, { id: content, ids: [id], tokens: [content] }]),
    ),
  };
}
