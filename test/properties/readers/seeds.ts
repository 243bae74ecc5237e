import { tinyEncoder, tinyTokenizer } from "../../models/tiny-encoder.js";
import { adapterFiles, baseFiles } from "../../io/peft/adapters.js";
import { goldenBytes } from "../../golden.js";
import type { Seeds } from "./targets.js";

/** Vocabularies of the other kinds, small. */
function otherTokenizers(): object[] {
  const tiny = tinyTokenizer();
  const word = "▁";
  const unigram = {
    ...tiny,
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Precompiled", precompiled_charsmap: "BAAAAAAAAAA=" },
        { type: "Replace", pattern: { Regex: " {2,}" }, content: " " },
      ],
    },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [{ type: "WhitespaceSplit" }, { type: "Metaspace", replacement: word, prepend_scheme: "always" }],
    },
    model: {
      type: "Unigram",
      unk_id: 1,
      vocab: [
        ...["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map((token) => [token, 0]),
        ...[word, "a", "good", "g", "o", "d"].map((piece, i) => [piece, -1 - i]),
      ],
    },
  };
  const bpe = {
    ...tiny,
    normalizer: { type: "NFC" },
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: true, use_regex: true },
    post_processor: { type: "RobertaProcessing", cls: ["[CLS]", 2], sep: ["[SEP]", 3] },
    model: {
      type: "BPE",
      unk_token: "[UNK]",
      vocab: { ...tiny.model.vocab, g: 20, o: 21, oo: 22, Ġ: 23 },
      merges: ["o o", "g oo"],
    },
  };
  return [unigram, bpe];
}

/** Files of test/golden, and tokenizers of every kind. */
export async function goldenSeeds(): Promise<Seeds> {
  const names = [
    ["llama_plain", "tiny_llama"],
    ["llama_rank_alpha_pattern", "tiny_llama"],
    ["llama_layers_to_transform", "tiny_llama"],
    ["llama_embed_and_head", "tiny_llama"],
    ["bert_bias_lora_only", "tiny_bert"],
  ] as const;
  const adapters = names.map(async ([name, base]) => ({
    files: await adapterFiles(`valid/${name}`),
    base: await baseFiles(base),
  }));
  return {
    adapters: await Promise.all(adapters),
    tensors: await Promise.all(
      ["ok_metadata", "ok_i64_bool", "ok_f8"].map((name) => goldenBytes(`adapters/malformed/${name}.safetensors`)),
    ),
    encoder: await tinyEncoder(),
    parquet: await Promise.all(
      ["snappy", "plain", "gzip", "pages-v2", "gaps", "gaps-v2"].map((name) => goldenBytes(`parquet/${name}.parquet`)),
    ),
    gguf: await Promise.all(["values", "blocks"].map((name) => goldenBytes(`gguf/${name}.gguf`))),
    tokenizers: [tinyTokenizer(), ...otherTokenizers()],
  };
}
