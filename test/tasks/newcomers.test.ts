import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigError, constantSchedule, SentenceEncoder, TextClassifier } from "../../ts/index.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";

let encoder: SentenceEncoder;
let classifier: TextClassifier;
const labels = ["bad", "good"];
beforeEach(async () => {
  encoder = await SentenceEncoder.load(await tinyEncoder(), { seed: 1 });
  classifier = TextClassifier.create(encoder, { labels, lora: { rank: 2 } });
});
afterEach(() => encoder.dispose());

describe("where a call gives files and takes no folder", () => {
  it.each([
    ["save", (folder: string) => classifier.save(folder as never)],
    ["saveAdapter", (folder: string) => encoder.saveAdapter("classifier", folder as never)],
    ["savePeft", (folder: string) => classifier.savePeft(folder as never)],
  ])("%s says how they are written", (name, save) => {
    expect(() => save("my-classifier")).toThrow(ConfigError);
    expect(() => save("my-classifier")).toThrow(
      new RegExp(`^${name}: nothing is taken.*, got "my-classifier": .*writeFilesAtomically\\(folder, files\\)`),
    );
  });

  it("load names the call that takes one", () => {
    expect(() => TextClassifier.load("my-classifier" as never, {})).toThrow(/TextClassifier\.open\(folder\)/);
  });
});

describe("an adapter's options beside the classifier's", () => {
  it.each([
    [
      "rank",
      /there is no option "rank"; did you mean `lora: \{ rank \}`\? \(there are labels, multiLabel, lora, adapter\)/,
    ],
    ["r", /did you mean `lora: \{ rank \}`/],
    ["target_modules", /did you mean `lora: \{ targetModules \}`/],
    ["label", /did you mean "labels"/],
  ])("%s", (name, message) => {
    expect(() => TextClassifier.create(encoder, { labels, [name]: 8 })).toThrow(message);
  });
});

describe("a learning rate above 1", () => {
  it.each([
    [{ learningRate: 100 }, /fit: learningRate is a number from 0 to 1 \(usual are 1e-4 to 1e-2; .*got 100/],
    [{ headLearningRate: 2 }, /fit: headLearningRate is a number from 0 to 1 .*got 2/],
    [{ learningRate: NaN }, /learningRate is a number from 0 to 1/],
  ])("is refused: %j", async (options, message) => {
    const before = classifier.save();
    await expect(classifier.fit(examples, { steps: 1, ...options })).rejects.toThrow(message);
    expect(classifier.save()).toEqual(before);
  });

  it("may be that of a schedule", async () => {
    const { steps } = await classifier.fit(examples, { steps: 1, schedule: constantSchedule({ peak: 2 }) });
    expect(steps[0]!.learningRate).toBe(2);
  });
});

describe("empty texts to learn from", () => {
  const some = [
    ...examples.slice(0, 3),
    { text: " \n", label: "bad" },
    ...examples.slice(3),
    { text: "", label: "good" },
  ];

  it.each(["fit", "fitHead"] as const)("are refused by their places: %s", async (name) => {
    const before = classifier.save();
    await expect(classifier[name](some)).rejects.toThrow(
      new RegExp(`^${name}: examples 3, ${some.length - 1} have empty texts: .*emptyTexts: "keep"`),
    );
    await expect(classifier[name](some.slice(0, 4))).rejects.toThrow("example 3 has an empty text");
    expect(classifier.save()).toEqual(before);
  });

  it("are learnt from where that is said", async () => {
    const { steps } = await classifier.fit(some, { steps: 1, batchSize: some.length, emptyTexts: "keep" });
    expect(steps).toHaveLength(1);
    expect((await classifier.fitHead(some, { emptyTexts: "keep" })).iterations).toBeGreaterThan(0);
    await expect(classifier.fit(some, { emptyTexts: "yes" as never })).rejects.toThrow(/emptyTexts/);
  });

  it("may be asked about", async () => {
    expect(await classifier.predict([""])).toHaveLength(1);
  });
});
