const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/** A tokenizer.json of BERT's kind in which each letter is a token, for a model without a vocabulary of its own. */
export function lettersTokenizer() {
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
export const textOfLetters = (number: number, words: number): string =>
  Array.from({ length: words }, (_, i) => LETTERS[(number * 7 + i * 5) % LETTERS.length]).join(" ");
