import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../setup/paths.mjs";

/** A BERT of two layers of 32, whose trainings are steps and nothing else: into memory it is in no time. Its words are the alphabet. */
export async function tinyModelIn(folder) {
  const model = join(folder, "model");
  await cp(join(root, "test/golden/adapters/base/tiny_bert"), model, { recursive: true });
  const config = JSON.parse(await readFile(join(model, "config.json"), "utf8"));
  const { id2label: _, label2id: __, ...headless } = { ...config, architectures: ["BertModel"] };
  await writeFile(join(model, "config.json"), JSON.stringify(headless));
  const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
  const letters = [..."abcdefghijklmnopqrstuvwxyz"];
  const words = [...special, ...letters, ...letters.map((letter) => `##${letter}`)].slice(0, config.vocab_size);
  const vocab = Object.fromEntries(words.map((word, i) => [word, i]));
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const around = ["[CLS]", "[SEP]"].map((id) => ({ SpecialToken: { id, type_id: 0 } }));
  const tokenizer = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special.map((content, id) => ({ id, content, ...flags })),
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
      single: [around[0], { Sequence: { id: "A", type_id: 0 } }, around[1]],
      pair: [
        around[0],
        { Sequence: { id: "A", type_id: 0 } },
        around[1],
        { Sequence: { id: "B", type_id: 1 } },
        around[1],
      ],
      special_tokens: Object.fromEntries(["[CLS]", "[SEP]"].map((id) => [id, { id, ids: [vocab[id]], tokens: [id] }])),
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab,
    },
  };
  await writeFile(join(model, "tokenizer.json"), JSON.stringify(tokenizer));
  return model;
}
