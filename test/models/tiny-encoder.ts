import type { FileMap } from "../../ts/io/file-map.js";
import { goldenBytes, goldenJson } from "../golden.js";

const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const words = ["a", "good", "bad", "film", "was", "very", ".", ",", "!", "##s", "##ly", "##a", "中"];

/** A WordPiece tokenizer of a few words, as the tokenizers library writes it. */
export function tinyTokenizer() {
  const vocabulary = [...special, ...words];
  const id = (token: string) => vocabulary.indexOf(token);
  const part = (token: string) => ({ SpecialToken: { id: token, type_id: 0 } });
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map((content) => ({ id: id(content), content, ...flags })),
    normalizer: {
      ...{ type: "BertNormalizer", clean_text: true, handle_chinese_chars: true },
      ...{ strip_accents: null, lowercase: true },
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "TemplateProcessing",
      single: [part("[CLS]"), { Sequence: { id: "A", type_id: 0 } }, part("[SEP]")],
      pair: [],
      special_tokens: {},
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      ...{ type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", max_input_chars_per_word: 100 },
      vocab: Object.fromEntries(vocabulary.map((token, i) => [token, i])),
    },
  };
}

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** The golden BERT of two layers of 32, with a tokenizer. */
export async function tinyEncoder(
  changes: { config?: object; tokenizer?: unknown; weights?: Uint8Array } = {},
): Promise<FileMap> {
  const config = await goldenJson<object>("adapters/base/tiny_bert/config.json");
  return {
    "config.json": encode({ ...config, ...changes.config }),
    "tokenizer.json": encode(changes.tokenizer ?? tinyTokenizer()),
    "model.safetensors": changes.weights ?? (await goldenBytes("adapters/base/tiny_bert/model.safetensors")),
  };
}
