import { modelSource } from "../../../ts/io/model-locator.js";
import { TextTokenizer } from "../../../ts/tokenize/text-tokenizer.js";
import { tinyTokenizer } from "../../models/tiny-encoder.js";
import { encode, type Kind, kind, list } from "./kind.js";

async function load(changes: object) {
  const source = await modelSource({ "tokenizer.json": encode({ ...tinyTokenizer(), ...changes }) });
  return TextTokenizer.load(source, 32, 2 ** 31);
}

const { model } = tinyTokenizer();
const pieces = 150_000;
const vocab = () => ({ ...model.vocab, ...Object.fromEntries(list(pieces, (i) => [`w${i}`, i])) });

/** Pieces of Unigram that begin and end wherever others do, as many as may be. */
const nested = { type: "Unigram", unk_id: 0, vocab: list(257, (i) => [i === 0 ? "[UNK]" : "a".repeat(i), -i / 100]) };

/** Merges that make of a character twice as many, and so on. */
const doubling = {
  type: "BPE",
  vocab: Object.fromEntries(list(12, (i) => ["a".repeat(2 ** i), i])),
  merges: list(11, (i) => ["a".repeat(2 ** i), "a".repeat(2 ** i)]),
};

/** What a text of five million characters is made of. */
const texts = [
  ..."!.…'中a😀я\u0301\u200b≠ \n",
  "a ",
  "a\u0301",
  "Σ.",
  "\x01",
  "\u0378",
  "€",
  "_\u0903",
  "\u0301\u0316",
  "[CLS]",
  "a'",
];

export const tokenizerKinds: Record<string, Kind> = {
  "pieces of a vocabulary": kind({ make: () => ({ model: { ...model, vocab: vocab() } }), read: load }),
  "added tokens": kind({
    make: () => ({ added_tokens: list(100_000, (i) => ({ id: i, content: `<${i}>`, normalized: i % 2 === 0 })) }),
    read: load,
  }),
  "pieces of Unigram in one another": kind({
    make: () => "a".repeat(20_000),
    read: async (text) => (await load({ model: nested })).encode(text),
  }),
  "a word by Unigram": kind({
    make: () => "a".repeat(1_000_000),
    read: async (text) => (await load({ model: { ...nested, vocab: nested.vocab.slice(0, 3) } })).encode(text),
  }),
  "a word by merges": kind({
    make: () => "a".repeat(300_000),
    read: async (text) => (await load({ model: doubling, pre_tokenizer: null })).encode(text),
  }),
  merges: kind({
    make: () => ({ model: { type: "BPE", vocab: vocab(), merges: list(pieces, (i) => `w${i} w${i}`) } }),
    read: load,
  }),
};

export const textKinds: Record<string, Kind> = Object.fromEntries(
  texts.map((piece) => [
    `a text of ${JSON.stringify(piece)}`,
    kind({
      make: () => piece.repeat(5_000_000 / piece.length),
      read: async (text) => {
        const { length } = (await load({})).encode(text);
        if (length > 32) throw new Error(`${length} tokens`);
      },
    }),
  ]),
);
