import type { FileMap } from "../../ts/io/file-access.js";
import { goldenBytes, goldenJson } from "../golden.js";

const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const first = ["a", "good", "bad", "film", "was", "very", ".", ",", "!", "##s", "##ly", "##a", "中"];
const good = ["good", "warm", "funny", "fine", "lovely", "bright"];
const bad = ["bad", "cold", "dull", "poor", "awful", "grim"];
const filler = ["the", "story", "music", "is", "and", "quite", "end", "start", "it"];

/** A WordPiece tokenizer of a few words, as the tokenizers library writes it. */
export function tinyTokenizer() {
  const vocabulary = [...new Set([...special, ...first, ...good, ...bad, ...filler])];
  const id = (token: string) => vocabulary.indexOf(token);
  const part = (token: string) => ({ SpecialToken: { id: token, type_id: 0 } });
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map((content) => ({ id: id(content), content, ...flags })),
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
      single: [part("[CLS]"), { Sequence: { id: "A", type_id: 0 } }, part("[SEP]")],
      pair: [
        part("[CLS]"),
        { Sequence: { id: "A", type_id: 0 } },
        part("[SEP]"),
        { Sequence: { id: "B", type_id: 1 } },
        part("[SEP]"),
      ],
      special_tokens: Object.fromEntries(
        ["[CLS]", "[SEP]"].map((token) => [token, { id: token, ids: [id(token)], tokens: [token] }]),
      ),
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((token, i) => [token, i])),
    },
  };
}

/** What tells texts of the same words apart. */
const ends = ["", " The end.", " It is the start.", " And the music is a story."];

/** Forty short texts of two labels, the label's word in each, no two the same. */
export const examples = Array.from({ length: 40 }, (_, i) => {
  const label = i % 2 === 0 ? "good" : "bad";
  const word = (label === "good" ? good : bad)[(i >> 1) % 6]!;
  const thing = ["film", "story", "music"][i % 3]!;
  return {
    text: `The ${thing}${i % 5 === 0 ? "s" : ""} was ${i % 4 < 2 ? "very" : "quite"} ${word}, it is ${word}.${ends[Math.floor(i / 12)]!}`,
    label,
  };
});

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** An encoder in place of the golden model, which is a classifier: its head is left where it is, and nobody looks for it. */
export const withoutHead = { architectures: ["BertModel"], id2label: undefined, label2id: undefined };

/** A BERT of two layers of 32 with random weights (the golden one) and the tokenizer above, or files with changes. */
export async function tinyEncoder(
  changes: { config?: object; tokenizer?: unknown; weights?: Uint8Array } = {},
): Promise<FileMap> {
  const folder = "adapters/base/tiny_bert";
  const config = await goldenJson<object>(`${folder}/config.json`);
  return {
    "config.json": encode({ ...config, ...withoutHead, ...changes.config }),
    "tokenizer.json": encode(changes.tokenizer ?? tinyTokenizer()),
    "model.safetensors": changes.weights ?? (await goldenBytes(`${folder}/model.safetensors`)),
  };
}
