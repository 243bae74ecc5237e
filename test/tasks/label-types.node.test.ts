import { describe, expect, expectTypeOf, it } from "vitest";
import * as local from "../../ts/index.js";
import type * as remote from "../../ts/worker/index.js";
import { tinyEncoder } from "../models/tiny-encoder.js";

// Types are checked by tsc; the calls below them run.

type Tickets = "bug" | "billing";
type Tags = "O" | "B-PER" | "I-PER";
const lora = null;

describe("labels give literal types", () => {
  it("of a text classifier, its labels and its predictions", async () => {
    using encoder = await local.SentenceEncoder.load(await tinyEncoder());
    using classifier = local.TextClassifier.create(encoder, { labels: ["bug", "billing"], lora });
    expectTypeOf(classifier).toEqualTypeOf<local.TextClassifier<Tickets>>();
    expectTypeOf(classifier.labels).toEqualTypeOf<readonly Tickets[]>();
    const [prediction] = await classifier.predict(["a film"]);
    expectTypeOf(prediction!.label).toEqualTypeOf<Tickets>();
    expectTypeOf(prediction!.probabilities.billing).toEqualTypeOf<number>();
    expect(classifier.labels).toContain(prediction!.label);
    // It is a classifier wherever one of any labels is expected.
    const any: local.TextClassifier = classifier;
    const answer: local.Prediction | undefined = (await local.predictEach([{ classifier: any, text: "a film" }]))[0];
    expect(answer).toEqual(prediction);
  });

  it("of a token classifier, whose spans have labels without their prefix too", async () => {
    using encoder = await local.SentenceEncoder.load(await tinyEncoder());
    using classifier = local.TokenClassifier.create(encoder, { labels: ["O", "B-PER", "I-PER"], lora });
    expectTypeOf(classifier).toEqualTypeOf<local.TokenClassifier<Tags>>();
    const [spans] = await classifier.predict(["a film"], { aggregation: "none" });
    expectTypeOf(spans![0]!.label).toEqualTypeOf<Tags | "PER">();
    expect(classifier.labels).toContain(spans![0]!.label);
    const any: local.TokenClassifier = classifier;
    expect(any.labels.length).toBe(3);
  });

  it("are strings where no literals are given", async () => {
    using encoder = await local.SentenceEncoder.load(await tinyEncoder());
    const labels: readonly string[] = ["bug", "billing"];
    using classifier = local.TextClassifier.create(encoder, { labels, lora });
    expectTypeOf(classifier).toEqualTypeOf<local.TextClassifier>();
    using loaded = local.TextClassifier.load(encoder, classifier.save());
    expectTypeOf(loaded).toEqualTypeOf<local.TextClassifier>();
    expect(loaded.labels).toEqual(labels);
  });

  it("in a worker too", () => {
    type Create = typeof remote.TextClassifier.create<Tickets>;
    type Made = Awaited<ReturnType<Create>>;
    expectTypeOf<Made>().toEqualTypeOf<remote.TextClassifier<Tickets>>();
    expectTypeOf<Awaited<ReturnType<Made["predict"]>>[number]["label"]>().toEqualTypeOf<Tickets>();
    type Tagger = Awaited<ReturnType<typeof remote.TokenClassifier.create<Tags>>>;
    expectTypeOf<Awaited<ReturnType<Tagger["predict"]>>[number][number]["label"]>().toEqualTypeOf<Tags | "PER">();
    expectTypeOf<remote.TextClassifier<Tickets>>().toExtend<remote.TextClassifier>();
  });
});
