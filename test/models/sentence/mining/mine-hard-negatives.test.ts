import { describe, expect, it } from "vitest";
import {
  ConfigError,
  init,
  type MinedExample,
  mineHardNegatives,
  type MiningOptions,
  readSafetensors,
  SentenceEncoder,
} from "../../../../ts/index.js";
import { goldenBytes, goldenJson } from "../../../golden.js";
import { goldenEncoder } from "../../golden-encoder.js";

type Columns = Record<string, unknown[]>;
interface Sets {
  readonly sets: Record<
    string,
    {
      readonly pairs: [number, number][];
      readonly corpus: number;
      readonly cases: Record<
        string,
        { readonly options: Record<string, unknown>; readonly columns: Columns; readonly columns_with_scores: Columns }
      >;
    }
  >;
}

const { sets } = await goldenJson<Sets>("tasks/mining/mining.json");
const tensors = readSafetensors(await goldenBytes("tasks/mining/mining.safetensors"));
const cases = Object.entries(sets).flatMap(([set, { cases }]) =>
  Object.keys(cases).map((name) => [set, name] as const),
);

/** Gives "q3" and "d7" their vectors. */
function encoderOf(set: string) {
  const table = { q: tensors.tensor(`${set}_queries`), d: tensors.tensor(`${set}_docs`) };
  return {
    async encode(texts: readonly string[]) {
      return texts.map((text) => {
        const { shape, data } = table[text[0] as "q" | "d"];
        const [at, width] = [Number(text.slice(1)), shape[1]!];
        return data.slice(at * width, (at + 1) * width);
      });
    },
  };
}

/** Examples as columns of sentence-transformers' data set. */
function columnsOf(examples: readonly MinedExample[]): Columns {
  const columns: Columns = {};
  for (const example of examples) {
    const row: Record<string, unknown> =
      "texts" in example
        ? {
            query: example.texts[0],
            answer: example.texts[1],
            ...(example.score === undefined ? { label: example.label } : { score: example.score }),
          }
        : "documents" in example
          ? {
              query: example.query,
              answer: example.documents,
              ...(example.scores === undefined ? { labels: example.labels } : { scores: example.scores }),
            }
          : { query: example.anchor, answer: example.positive, ...(example.scores && { scores: example.scores }) };
    if ("negative" in example) row["negative"] = example.negative;
    if ("negatives" in example) example.negatives.forEach((text, i) => (row[`negative_${i + 1}`] = text));
    for (const [name, value] of Object.entries(row)) (columns[name] ??= []).push(value);
  }
  return columns;
}

/** The same, with numbers only nearly equal, since theirs are of sums in another order. */
const near = (columns: unknown): unknown =>
  typeof columns === "number"
    ? (expect.closeTo(columns, 6) as unknown)
    : Array.isArray(columns)
      ? columns.map(near)
      : typeof columns === "object" && columns !== null
        ? Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, near(value)]))
        : columns;

it.each(cases)("finds the lists of sentence-transformers: %s, %s", async (set, name) => {
  const { pairs, corpus, cases } = sets[set]!;
  const { options, columns, columns_with_scores: scored } = cases[name]!;
  const own = Object.fromEntries(
    Object.entries(options).map(([key, value]) => [key.replace(/_(.)/g, (_, c: string) => c.toUpperCase()), value]),
  );
  const given = pairs.map(([query, document]) => [`q${query}`, `d${document}`] as const);
  const texts = Array.from({ length: corpus }, (_, i) => `d${i}`);
  const mine = (outputScores: boolean) =>
    mineHardNegatives(encoderOf(set), given, { corpus: texts, outputScores, ...(own as MiningOptions) });
  expect(columnsOf(await mine(false))).toEqual(columns);
  expect(columnsOf(await mine(true))).toEqual(near(scored));
});

describe("the judge", () => {
  const encoder = encoderOf("single");
  const pairs = sets["single"]!.pairs.map(([query, document]) => ({ anchor: `q${query}`, positive: `d${document}` }));
  const corpus = Array.from({ length: 30 }, (_, i) => `d${i}`);
  const own = new Set(pairs.map(({ anchor, positive }) => `${anchor} ${positive}`));
  /** A text's number; the query's own answer is best. */
  const scoreOf = ([query, text]: [string, string]) => (own.has(`${query} ${text}`) ? 100 : Number(text.slice(1)));

  it("scores candidates and answers in place of the cosine", async () => {
    let asked = 0;
    const crossEncoder = {
      async predict(texts: [string, string][]) {
        asked += texts.length;
        return texts.map(scoreOf);
      },
    };
    const options = { corpus, crossEncoder, maxScore: 20, numNegatives: 2, outputScores: true } as const;
    const examples = await mineHardNegatives(encoder, pairs, options);
    // All 30 texts are among the candidates of each of ten queries, whose answers are asked for once more.
    expect(asked).toBe(10 * (options.numNegatives * 10 + 1 + 1 + 1));
    for (const example of examples) {
      const { negative, scores } = example as { negative: string; scores: number[] };
      expect(scores).toEqual([100, Number(negative.slice(1))]);
      expect(scores[1]).toBeLessThanOrEqual(20);
    }
    const plain = (given: [string, string][]) => given.map(scoreOf);
    expect(await mineHardNegatives(encoder, pairs, { ...options, crossEncoder: plain })).toEqual(examples);
  });

  it("is not asked without a limit, and must give a finite score for each pair", async () => {
    const judge = (crossEncoder: (pairs: [string, string][]) => number[], more: MiningOptions = {}) =>
      mineHardNegatives(encoder, pairs, { corpus, crossEncoder, ...more });
    expect(await judge(() => [])).toEqual(await mineHardNegatives(encoder, pairs, { corpus }));
    await expect(judge(() => [], { maxScore: 1 })).rejects.toThrow("scores for as many pairs");
    await expect(judge((all) => all.map(() => NaN), { maxScore: 1 })).rejects.toThrow("what gives finite scores");
    for (const nothing of [undefined, null, 1, {}]) {
      const call = judge(() => nothing as never, { maxScore: 1 });
      await expect(call).rejects.toThrow(ConfigError);
      await expect(call).rejects.toThrow("scores for as many pairs");
    }
    const unscored = judge((all) => all.map(() => undefined as never), { maxScore: 1 });
    await expect(unscored).rejects.toThrow("what gives finite scores");
  });

  it("and an encoder gives a vector of each text, or its error says so", async () => {
    const results = [undefined, null, 7, {}, [], pairs.map(() => undefined), pairs.map(() => "abc"), [[1], undefined]];
    for (const result of results) {
      const call = mineHardNegatives({ encode: async () => result as never }, pairs);
      await expect(call).rejects.toThrow(ConfigError);
      await expect(call).rejects.toThrow("mineHardNegatives: encoder is what gives");
    }
    const gap = {
      encode: async (texts: readonly string[]) =>
        texts.map((_, i) => (i === 1 ? (undefined as never) : new Float32Array([1, 2]))),
    };
    await expect(mineHardNegatives(gap, pairs)).rejects.toThrow(
      "the encoder's vector 1 is not one of 2 finite numbers",
    );
  });

  it("draws at random with a seed, in order of score", async () => {
    const drawn = (seed: number) =>
      mineHardNegatives(encoder, pairs, {
        corpus,
        samplingStrategy: "random",
        rangeMax: 20,
        outputFormat: "n-tuple",
        outputScores: true,
        seed,
      });
    const first = await drawn(1);
    expect(first).toHaveLength(10);
    expect(await drawn(1)).toEqual(first);
    expect(await drawn(2)).not.toEqual(first);
    for (const example of first) {
      const { negatives, scores } = example as { negatives: string[]; scores: number[] };
      expect(new Set(negatives).size).toBe(3);
      expect(scores.slice(1)).toEqual(scores.slice(1).sort((a, b) => b - a));
    }
  });

  it("names what does not fit", async () => {
    const mine = (options: MiningOptions, given: unknown = pairs) =>
      mineHardNegatives(encoder, given as typeof pairs, options);
    await expect(mine({}, [])).rejects.toThrow("there are no pairs");
    await expect(mine({}, ["q"])).rejects.toThrow("pairs is a list of { anchor, positive }");
    await expect(mine({ rangeMin: 4, rangeMax: 5 })).rejects.toThrow("must leave at least numNegatives, 3");
    await expect(mine({ relativeMargn: 1 } as MiningOptions)).rejects.toThrow("did you mean");
    await expect(mineHardNegatives({} as never, pairs)).rejects.toThrow("encoder.encode is a function");
    const broken = { encode: async (texts: readonly string[]) => texts.map(() => [NaN, 1]) };
    await expect(mineHardNegatives(broken, pairs)).rejects.toThrow("is not one of 2 finite numbers");
    await expect(mine({ signal: AbortSignal.abort() })).rejects.toThrow("cancelled");
  });
});

it("works with a real encoder, one pair, and texts that repeat", async () => {
  await init();
  using encoder = await SentenceEncoder.load(await goldenEncoder("roberta"));
  const pairs = [["a film", "a good film"], ["a film", "a fine film"], ["a film", "a good film"], ["rain", "wet"]] as const; // prettier-ignore
  const corpus = ["a bad film", "wet", "a bad film", "dry"];
  const found = await mineHardNegatives(encoder, pairs, { corpus, numNegatives: 2, outputFormat: "labeled-list" });
  expect(found).toHaveLength(3);
  for (const example of found) {
    const { query, documents, labels } = example as { query: string; documents: string[]; labels: number[] };
    expect(labels).toEqual([1, 0, 0]);
    expect(new Set(documents).size).toBe(3);
    if (query === "a film") expect(documents.slice(1)).not.toContain("a fine film");
  }
  // There is nothing else to find for one pair.
  expect(await mineHardNegatives(encoder, [["rain", "wet"]])).toEqual([]);
});
