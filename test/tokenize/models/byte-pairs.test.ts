import fc from "fast-check";
import { expect, it } from "vitest";
import { bytePairs } from "../../../ts/tokenize/models/byte-pairs.js";

type Pair = readonly [string, string];

/** By the definition: the first of the neighbours of the earliest merge become one, again and again. */
function bySteps(merges: readonly Pair[], vocab: object, word: string, suffix: string): string[] {
  const ranks = new Map(merges.map((pair, rank) => [JSON.stringify(pair), rank]));
  const pieces = Array.from(word);
  if (pieces.length > 0) pieces[pieces.length - 1]! += suffix;
  for (const [i, piece] of pieces.entries()) if (!Object.hasOwn(vocab, piece)) pieces[i] = "<unk>";
  for (;;) {
    const found = pieces.slice(1).map((right, i) => ranks.get(JSON.stringify([pieces[i], right])) ?? Infinity);
    const least = Math.min(...found);
    if (least === Infinity) return pieces;
    const place = found.indexOf(least);
    pieces.splice(place, 2, pieces[place]! + pieces[place + 1]!);
  }
}

/** What tokenizer.json says of a model whose pieces are all characters of these merges, and what they make. */
function modelOf(merges: readonly Pair[], others: object) {
  const pieces = new Set(["<unk>", ...merges.flatMap(([left, right]) => [left, right, left + right])]);
  const vocab = Object.fromEntries([...pieces].map((piece, id) => [piece, id]));
  return { type: "BPE", vocab, merges, unk_token: "<unk>", ...others };
}

const piece = fc.string({ unit: fc.constantFrom("a", "a", "a", "b", "b", "😀", "ß"), minLength: 1, maxLength: 3 });
const merges = fc.array(fc.tuple(piece, piece), { maxLength: 30 });
const word = fc.string({
  unit: fc.constantFrom("a", "a", "a", "a", "b", "b", "😀", "ß", "x", "\ud800"),
  maxLength: 40,
});

it("splits words as the definition has it, of pairs that stand there twice by the last", () => {
  fc.assert(
    fc.property(merges, fc.array(word), fc.constantFrom("", "b", "</w>"), (pairs, words, suffix) => {
      const model = modelOf(pairs, { end_of_word_suffix: suffix });
      const texts = { ...model, merges: pairs.map((pair) => pair.join(" ")) };
      const expected = words.flatMap((text) => bySteps(pairs, model.vocab, text, suffix));
      for (const given of [model, texts]) {
        const { split } = bytePairs(given, new Map(Object.entries(model.vocab)));
        expect(split(words)).toEqual(expected);
        // Those that are remembered too.
        expect(split(words)).toEqual(expected);
      }
    }),
    { numRuns: 500 },
  );
});
