import { describe, expect, it } from "vitest";
import { AbortError, ConfigError, summariseExamples, type DataSummary } from "../../../../ts/index.js";
import { modelSource } from "../../../../ts/io/model-locator.js";
import { TextTokenizer } from "../../../../ts/tokenize/text-tokenizer.js";
import { examples as tiny, tinyTokenizer } from "../../../models/tiny-encoder.js";

const words =
  "alpha river stone window garden paper orange silver mountain letter music travel winter doctor forest bridge";
const vocabulary = words.split(" ");
/** Different texts, however many. */
function text(i: number): string {
  let state = i + 1;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
  return Array.from({ length: 12 }, () => vocabulary[next() >>> 28]).join(" ");
}
const many = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => ({ text: `${text(from + i)} ${from + i}`, label: i % 2 === 0 ? "a" : "b" }));

const codes = ({ findings }: DataSummary, severity?: string) =>
  findings.filter((finding) => severity === undefined || finding.severity === severity).map(({ code }) => code);
const finding = ({ findings }: DataSummary, code: string) => findings.find((found) => found.code === code)!;

describe("a summary", () => {
  it("counts by label, measures lengths and finds nothing in what is right", async () => {
    const summary = await summariseExamples(
      [
        ...["one alpha", "two bees sing", "the river runs by", "snow"].map((t) => ({ text: t, label: "10" })),
        ...["dry grass", "old stones lie", "paper", "ships at sea", "a red door"].map((t) => ({ text: t, label: "9" })),
        { text: "and this", label: "10" },
      ],
      {
        test: [
          { text: "quite another", label: "9" },
          { text: "and one more", label: "10" },
        ],
      },
    );
    expect(summary.labels).toEqual([
      { label: "9", train: 5, validation: 0, test: 1 },
      { label: "10", train: 5, validation: 0, test: 1 },
    ]);
    expect(summary.train).toMatchObject({
      examples: 10,
      empty: 0,
      duplicates: 0,
      nearDuplicates: 0,
      tokens: null,
      inTraining: null,
    });
    expect(summary.train.characters).toMatchObject({ min: 4, median: 9, max: 17 });
    expect(summary.test!.inTraining).toEqual({ same: 0, near: 0 });
    expect(summary.validation).toBe(null);
    expect(codes(summary)).toEqual(["small-test"]);
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
  });

  it("counts tokens, what is cut and what is unknown, as the model's tokenizer gives them", async () => {
    const source = await modelSource({ "tokenizer.json": new TextEncoder().encode(JSON.stringify(tinyTokenizer())) });
    const tokenizer = await TextTokenizer.load(source, 16);
    const whole = await TextTokenizer.load(source, 1000);
    const texts = [...tiny, { text: "xyzzy qwerty good", label: "good" }, { text: "", label: "bad" }];
    const { train } = await summariseExamples(texts, { tokenizer });
    const lengths = texts.map((example) => whole.encode(example.text).length).sort((a, b) => a - b);
    const tokens = train.tokens!;
    expect(tokens).toMatchObject({ texts: 42, maxTokens: 16, min: lengths[0], median: lengths[20], max: lengths[41] });
    expect(tokens.cut).toBe(lengths.filter((length) => length > 16).length / 42);
    const unknown = texts.reduce((sum, example) => sum + whole.encode(example.text).filter((id) => id === 1).length, 0);
    expect(unknown).toBeGreaterThan(1);
    expect(tokens.unknown).toBeCloseTo(unknown / lengths.reduce((sum, length) => sum + length, 0), 12);
    const short = await summariseExamples(tiny, { tokenizer, maxTokens: 5 });
    expect(finding(short, "cut-texts").message).toMatch(
      /^100 % of the training texts are longer than 5 tokens and are truncated/,
    );
    const strange = tiny.map(({ label }, i) => ({ text: `привет мир ${i}`, label }));
    expect(codes(await summariseExamples(strange, { tokenizer }))).toContain("unknown-tokens");
  });

  it.each([
    ["no-examples", [], []],
    ["no-texts", many(10).map(({ label }) => ({ text: " ", label })), undefined],
    ["one-label", many(10).map((e) => ({ ...e, label: "a" })), undefined],
    ["id-labels", many(60).map((e, i) => ({ ...e, label: `id${i}` })), undefined],
    ["same-file", many(40), many(40)],
    ["test-in-training", many(40), [...many(10), ...many(10, 500)]],
    [
      "number-texts",
      many(40).map((e, i) => ({ ...e, text: ["", "€ 3.50", `-${i}`, `${i} %`, "1e-7"][i % 5]! })),
      undefined,
    ],
    ["unseen-labels", many(40), [...many(10, 500), { text: "new", label: "c" }]],
  ] as const)("stops at %s, with what to do", async (code, train, test) => {
    const summary = await summariseExamples(train, test === undefined ? {} : { test });
    expect(codes(summary, "stop")).toContain(code);
    expect(summary.findings[0]!.severity).toBe("stop");
  });

  it.each([
    ["empty-texts", [...many(40), { text: "", label: "a" }], []],
    ["similar-labels", many(40).map((e, i) => ({ ...e, label: i % 4 === 0 ? "A " : e.label })), []],
    ["score-labels", many(40).map((e, i) => ({ ...e, label: `${i % 5}.5` })), []],
    ["few-examples", [...many(40), { text: "rare", label: "c" }], []],
    ["unmeasured-labels", [...many(40), { text: "rare", label: "c" }], many(10, 500)],
    ["two-labels", [...many(40), { ...many(1)[0]!, label: "b" }], []],
    ["duplicates", [...many(40), { text: ` ${many(1)[0]!.text.toUpperCase()}`, label: "a" }], []],
    ["near-duplicates", [...many(40), { text: `${many(1)[0]!.text}, too`, label: "a" }], []],
    ["overlap", many(40), [...many(20, 500), many(1)[0]!]],
    ["near-overlap", many(40), [...many(20, 500), { text: `${many(1)[0]!.text}!!`, label: "a" }]],
    ["small-test", many(40), many(19, 500)],
    [
      "shared-groups",
      many(40).map((e) => ({ ...e, group: "home" })),
      many(20, 500).map((e, i) => ({ ...e, ...(i > 17 && { group: "home" }) })),
    ],
  ] as const)("warns of %s", async (code, train, test) => {
    const summary = await summariseExamples(train, test.length === 0 ? {} : { test });
    expect(codes(summary, "warn")).toContain(code);
    expect(codes(summary, "stop")).toEqual([]);
  });

  it("does not take texts with numbers in them for numbers, nor one group for shared, nor twenty texts for few", async () => {
    const train = many(40).map((e, i) => ({ ...e, text: i < 5 ? `${i}` : e.text, group: `${i}` }));
    const test = many(20, 500).map((e, i) => ({ ...e, group: `g${i}` }));
    expect(codes(await summariseExamples(train, { test }))).toEqual([]);
  });

  it("says how many groups and texts are on both sides, and which", async () => {
    const train = many(40).map((e, i) => ({ ...e, group: `g${i >> 1}` }));
    const test = many(20, 500).map((e, i) => ({ ...e, group: `g${i < 3 ? 0 : 99}`, line: i + 2 }));
    const { message, examples } = finding(await summariseExamples(train, { test }), "shared-groups");
    expect(message).toMatch(/^1 group of the test data \("g0"\) is also in the training data, with 3 test texts, /);
    expect(examples.map(({ line }) => line)).toEqual([2, 3, 4]);
  });

  it("shows a few of the examples, where they stand", async () => {
    const train = [...many(4).map((e, i) => ({ ...e, line: i + 2 })), { ...many(1)[0]!, label: "b", line: 99 }];
    const summary = await summariseExamples(train);
    expect(summary.twoLabels).toBe(1);
    expect(finding(summary, "two-labels").examples).toMatchObject([
      { part: "train", place: 0, line: 2, label: "a" },
      { part: "train", place: 4, line: 99, label: "b" },
    ]);
    const long = await summariseExamples(Array.from({ length: 50 }, () => ({ text: "x ".repeat(1e5), label: "y" })));
    expect(JSON.stringify(long).length).toBeLessThan(6000);
  });

  it("finds nearly all texts that are nearly the same, and no others", async () => {
    const base = many(500);
    const changed = base.map(({ text, label }, i) => ({
      text: i % 2 === 0 ? `${text}.` : `${text} too`,
      label,
    }));
    const { train, test } = await summariseExamples(base, { test: changed });
    const { same, near } = test!.inTraining!;
    expect(train.nearDuplicates).toBe(0);
    expect(same).toBe(0);
    expect(near).toBeGreaterThan(490);
    expect((await summariseExamples(base, { test: many(500, 1000) })).test!.inTraining).toEqual({ same: 0, near: 0 });
  });

  it("takes short texts for nearly the same by signs and repeats, not where a word is another", async () => {
    const texts = [
      "woman feeding baby in the garden",
      "man feeding baby in the garden",
      "man playing water polo",
      "woman playing water polo",
      "the point of minimum displacement in a periodic system",
      "the point of maximum displacement in a periodic system",
      "Ugh. I hate hate hate getting blood drawn.",
    ];
    const near = async (list: readonly string[]) =>
      (await summariseExamples(list.map((text) => ({ text, label: "a" })))).train.nearDuplicates;
    expect(await near(texts)).toBe(0);
    const long =
      "Dear customer, thank you for your letter of last week about the box that arrived with a broken lid; we have looked into it " +
      "and will send you another one by the end of this month, without any cost to you.";
    expect(await near([long, long.replace("customer", "friend"), long.replace("month", "year")])).toBe(2);
    expect(await near([...texts, "Ugh! I hate getting blood drawn!", "Woman feeding (baby) in the garden!!"])).toBe(2);
  });

  it("is the same each time, tells how far it is, and hears an abort", async () => {
    const train = many(3000);
    const told: number[] = [];
    const tokenizer = { maxTokens: 9, measure: () => ({ tokens: 3, unknown: 0 }) };
    const summary = await summariseExamples(train, { tokenizer, onProgress: (done, total) => told.push(done / total) });
    expect(await summariseExamples(train, { tokenizer })).toEqual(summary);
    expect(told).toEqual([0, 1 / 6, 1 / 3, 1 / 2, 2 / 3, 5 / 6, 1]);
    const abort = new AbortController();
    const cancelled = summariseExamples(many(200_000), { signal: abort.signal });
    setTimeout(() => abort.abort(), 5);
    await expect(cancelled).rejects.toThrow(AbortError);
  });

  it("refuses what are no examples", async () => {
    await expect(summariseExamples([{ text: "a" }] as never)).rejects.toThrow(
      /example 0 of train is \{ text, label \} of two strings/,
    );
    await expect(summariseExamples([], { tokenizer: {} as never })).rejects.toThrow(ConfigError);
    await expect(summariseExamples([], { tests: [] } as never)).rejects.toThrow(/did you mean "test"/);
  });
});
