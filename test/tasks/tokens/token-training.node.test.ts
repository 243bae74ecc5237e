import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  AdapterError,
  type Checkpoint,
  ConfigError,
  FormatError,
  readSafetensors,
  SentenceEncoder,
  TextClassifier,
  TokenClassifier,
  type TokenExample,
  UnsupportedError,
} from "../../../ts/index.js";
import { goldenEncoder } from "../../models/golden-encoder.js";
import { tokenCheckpoint } from "./token-checkpoint.js";

const labels = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"];
const words: TokenExample[] = [
  { words: ["Ada", "Lovelace", "lived", "in", "London"], labels: ["B-PER", "I-PER", "O", "O", "B-LOC"] },
  { words: ["in", "Rome", "Ada", "wrote"], labels: ["O", "B-LOC", "B-PER", "O"] },
];
/** The same as stretches of a text. */
const spans: TokenExample[] = [
  {
    text: "Ada Lovelace lived in London",
    entities: [
      { start: 22, end: 28, label: "LOC" },
      { start: 0, end: 12, label: "PER" },
    ],
  },
  {
    text: "in Rome Ada wrote",
    entities: [
      { start: 3, end: 7, label: "LOC" },
      { start: 8, end: 11, label: "PER" },
    ],
  },
];
const texts = ["Ada Lovelace lived in London", "in Rome Ada wrote"];
const few = { steps: 3, batchSize: 2, learningRate: 0.02 };

let encoder: SentenceEncoder;
beforeEach(async () => {
  encoder = await SentenceEncoder.load(await goldenEncoder("bert"), { seed: 2 });
});
afterEach(() => encoder.dispose());

describe("a new classifier of tokens", () => {
  it("learns words with a label each, and is measured on them", async () => {
    const classifier = TokenClassifier.create(encoder, { labels, lora: { rank: 4, targetModules: "all-linear" } });
    const before = await classifier.evaluate(words);
    const { steps } = await classifier.fit(words, { ...few, steps: 60 });
    expect(steps.at(-1)!.loss).toBeLessThan(0.1 * steps[0]!.loss);
    const after = await classifier.evaluate(words);
    expect(after).toMatchObject({ count: 9, cut: 0, accuracy: 1, precision: 1, recall: 1, f1: 1, macroF1: 1 });
    expect(after.perEntity.map(({ label, support }) => [label, support])).toEqual([
      ["LOC", 2],
      ["PER", 2],
    ]);
    expect(after.loss).toBeLessThan(before.loss);
    const [found] = await classifier.predict(texts.slice(0, 1));
    expect(found!.some(({ label, start }) => label === "PER" && start === 0)).toBe(true);
    expect(await classifier.evaluate(words, { strict: true, adapter: null })).not.toEqual(after);
  });

  it("learns the same of entities in a text, to the bit", async () => {
    const trained = async (examples: readonly TokenExample[], adapter: string) => {
      const own = await SentenceEncoder.load(await goldenEncoder("bert"), { seed: 2 });
      const classifier = TokenClassifier.create(own, { labels, adapter });
      await classifier.fit(examples, few);
      const logits = await classifier.logits(texts);
      own.dispose();
      return logits;
    };
    expect(await trained(spans, "a")).toEqual(await trained(words, "b"));
  });

  it("fits its head to frozen vectors: the least loss of any head, however it began, and nothing where it is cancelled", async () => {
    const classifier = TokenClassifier.create(encoder, { labels });
    const before = classifier.save();
    const controller = new AbortController();
    const phases: string[] = [];
    const onProgress = ({ phase }: { phase: string }) => {
      phases.push(phase);
      if (phase === "fit") controller.abort();
    };
    const cancelled = classifier.fitHead(words, { signal: controller.signal, onProgress });
    await expect(cancelled).rejects.toMatchObject({ name: "AbortError" });
    expect(new Set(phases)).toEqual(new Set(["encode", "fit"]));
    expect(classifier.save()).toEqual(before);
    const { regularisation, iterations } = await classifier.fitHead(words, { regularisation: 1e4 });
    expect([regularisation, iterations > 0]).toEqual([1e4, true]);
    const { loss, accuracy } = await classifier.evaluate(words);
    expect(accuracy).toBe(1);
    const logits = await classifier.logits(texts);
    await classifier.fitHead(spans, { regularisation: 1e4 });
    expect(await classifier.logits(texts)).toEqual(logits);
    // Where the penalty is next to nothing, no step lowers the loss by more than a hair.
    const slow = await classifier.fit(words, { steps: 1, batchSize: 2, learningRate: 1e-12 });
    expect(slow.steps[0]!.loss).toBeCloseTo(loss, 5);
    expect(slow.steps[0]!.gradNorm).toBeLessThan(1);
    await expect(classifier.fitHead(words, { sampling: "balanced" } as never)).rejects.toThrow(/no option "sampling"/);
    await expect(classifier.fitHead([])).rejects.toThrow(/one training example or more/);
    await expect(classifier.fitHead(words, { classWeights: { ORG: 1 } })).rejects.toThrow(
      /fitHead: classWeights names/,
    );
  });

  it("is saved for PEFT and loaded again, by `load` and by `open`; a head alone is its own file", async () => {
    const model = await goldenEncoder("bert");
    for (const lora of [{ targetModules: "all-linear" }, null]) {
      const classifier = TokenClassifier.create(encoder, { labels, lora });
      await classifier.fit(words, few);
      const [files, logits] = [classifier.save(), await classifier.logits(texts)];
      classifier.dispose();
      expect(encoder.adapters()).toEqual([]);
      if (lora !== null) {
        const config = JSON.parse(new TextDecoder().decode(files["adapter_config.json"])) as {
          target_modules: string[];
        };
        // PEFT has no pooler there, and cannot adapt the head that it saves.
        expect(config.target_modules).toContain("encoder.layer.0.attention.self.query");
        expect(config.target_modules.some((name) => /pooler|classifier/.test(name))).toBe(false);
        const { names } = readSafetensors(files["adapter_model.safetensors"]!);
        expect(names).toContain("base_model.model.classifier.weight");
        expect(names.every((name) => /^base_model\.model\.(bert\.|classifier\.)/.test(name))).toBe(true);
      } else expect(Object.keys(files)).toEqual(["head.safetensors", "labels.json"]);
      const loaded = TokenClassifier.load(encoder, files);
      expect(loaded.labels).toEqual(labels);
      expect(await loaded.logits(texts)).toEqual(logits);
      loaded.dispose();
      using opened = await TokenClassifier.open(files, { model });
      expect(await opened.logits(texts)).toEqual(logits);
      expect(() => TextClassifier.load(encoder, files)).toThrow("this is a classifier of tokens");
      const other = await SentenceEncoder.load(await goldenEncoder("distilbert"));
      expect(() => TokenClassifier.load(other, files)).toThrow(AdapterError);
      other.dispose();
    }
    const text = TextClassifier.create(encoder, { labels });
    expect(() => TokenClassifier.load(encoder, text.save())).toThrow(FormatError);
  });

  it("is cancelled with a checkpoint, and goes on from it to the same bits", async () => {
    const run = async (abortAt: number | null, resume?: Checkpoint) => {
      const own = await SentenceEncoder.load(await goldenEncoder("bert"), { seed: 2 });
      const classifier = TokenClassifier.create(own, { labels, lora: { dropout: 0.2 } });
      const controller = new AbortController();
      if (abortAt === 0) controller.abort();
      let last: Checkpoint | undefined;
      const fitting = classifier.fit(words, {
        ...few,
        steps: 6,
        batchSize: 1,
        signal: controller.signal,
        ...(resume && { resume }),
        checkpoint: { every: 100, save: (checkpoint) => void (last = checkpoint) },
        onProgress: ({ step }) => void (step + 1 === abortAt && controller.abort()),
      });
      if (abortAt === null) await fitting;
      else await expect(fitting).rejects.toMatchObject({ name: "AbortError" });
      const logits = await classifier.logits(texts);
      own.dispose();
      return { last: last!, logits };
    };
    const whole = await run(null);
    for (const step of [0, 4]) {
      const { last } = await run(step);
      expect(last.step).toBe(step);
      expect((await run(null, last)).logits).toEqual(whole.logits);
    }
  });

  it("weighs classes, has rates of its own for the head and for B, and gives the same bits with checkpointing", async () => {
    const trained = async (options: object) => {
      const own = await SentenceEncoder.load(await goldenEncoder("bert"), { seed: 2 });
      const classifier = TokenClassifier.create(own, { labels });
      const { steps } = await classifier.fit(words, { ...few, ...options });
      const logits = await classifier.logits(texts);
      own.dispose();
      return { first: steps[0]!.loss, logits };
    };
    const plain = await trained({});
    expect(await trained({ checkpointing: true })).toEqual(plain);
    expect((await trained({ headLearningRate: 0.001 })).logits).not.toEqual(plain.logits);
    expect((await trained({ loraPlusRatio: 8 })).logits).not.toEqual(plain.logits);
    const balanced = await trained({ classWeights: "balanced" });
    expect(balanced.first).not.toBe(plain.first);
    // Nine words: five classes, of which one has none. PyTorch divides by the weights of the targets.
    const counts = { O: 4, "B-PER": 2, "I-PER": 1, "B-LOC": 2 };
    const weights = Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, 9 / (4 * count)]));
    expect((await trained({ classWeights: weights })).first).toBeCloseTo(balanced.first, 6);
  });

  it("measures what was cut off as wrong, and leaves out words without a label", async () => {
    const short = await SentenceEncoder.load(await goldenEncoder("bert"), { maxTokens: 4 });
    const classifier = TokenClassifier.create(short, { labels });
    const long: TokenExample = { words: ["a", "b", "c", "d"], labels: ["O", null, "O", "B-LOC"] };
    const measured = await classifier.evaluate([long]);
    expect(measured).toMatchObject({ count: 3, cut: 2, recall: 0 });
    expect(Number.isFinite(measured.loss)).toBe(true);
    await classifier.fit([long], { steps: 1 });
    const lost: TokenExample = { words: ["a", "b", "c"], labels: [null, null, "O"] };
    await expect(classifier.fit([long, lost], { steps: 1 })).rejects.toThrow(/example 1: none of its words/);
    short.dispose();
  });
});

it.each<[string, unknown, RegExp]>([
  ["no example", 5, /example 0: \{ words, labels \}/],
  ["another label", { words: ["a"], labels: ["B-ORG"] }, /example 0: label "B-ORG" is not one of/],
  ["too few labels", { words: ["a", "b"], labels: ["O"] }, /2 words and 1 labels/],
  ["an empty word", { words: ["a", " "], labels: ["O", "O"] }, /word 1 is a text that is not empty/],
  ["no label at all", { words: ["a"], labels: [null] }, /it has no labelled word/],
  [
    "an entity of another kind",
    { text: "a b", entities: [{ start: 0, end: 1, label: "ORG" }] },
    /"B-ORG","I-ORG"|B-ORG/,
  ],
  ["an entity outside", { text: "a b", entities: [{ start: 2, end: 4, label: "PER" }] }, /entity 0 is \{ start, end/],
  [
    "entities that overlap",
    {
      text: "a b",
      entities: [
        { start: 0, end: 3, label: "PER" },
        { start: 2, end: 3, label: "LOC" },
      ],
    },
    /overlap/,
  ],
  [
    "an entity within a token",
    { text: "the film", entities: [{ start: 5, end: 8, label: "PER" }] },
    /begins in the middle of a token/,
  ],
])("an example is refused by its place: %s", async (_, example, message) => {
  const classifier = TokenClassifier.create(encoder, { labels });
  const before = classifier.save();
  for (const call of ["fit", "evaluate"] as const)
    await expect(classifier[call]([example] as never)).rejects.toThrow(message);
  await expect(classifier.fit([example] as never)).rejects.toThrow(ConfigError);
  expect(classifier.save()).toEqual(before);
});

it("what makes no sense is refused before any work", async () => {
  const classifier = TokenClassifier.create(encoder, { labels });
  await expect(classifier.fit(words, { sampling: "balanced" } as never)).rejects.toThrow(/no option "sampling"/);
  await expect(classifier.fit(words, { learningRate: -1 })).rejects.toThrow(/learningRate/);
  await expect(classifier.fit(words, { classWeights: { ORG: 1 } })).rejects.toThrow(/classWeights names "ORG"/);
  await expect(classifier.evaluate([])).rejects.toThrow(/expected examples, got an empty list/);
  const training = classifier.fit(words, { steps: 2 });
  expect(() => encoder.mergeAdapter("classifier")).toThrow(/under way|being trained/);
  await training;
  expect(() => TokenClassifier.create(encoder, { labels })).toThrow(/there is an adapter "classifier" already/);
  const lora = { targetModules: "bert\\..*query" };
  expect(() => TokenClassifier.create(encoder, { labels, adapter: "b", lora })).toThrow(/matches no linear layer/);
  const both = { targetModules: ["query"], rankPattern: { "bert.encoder.layer.0.attention.self.query": 2 } };
  expect(() => TokenClassifier.create(encoder, { labels, adapter: "b", lora: both })).toThrow(
    /rankPattern differs for/,
  );
  expect(encoder.adapters().map(({ name }) => name)).toEqual(["classifier"]);
  const modern = await SentenceEncoder.load(await goldenEncoder("modernbert"));
  expect(() => TokenClassifier.create(modern, { labels })).toThrow(UnsupportedError);
  expect(modern.adapters()).toEqual([]);
  modern.dispose();
});

it.each(["bert", "modernbert", "albert"])(
  "a checkpoint of %s trains on with an adapter, and is opened again",
  async (family) => {
    const files = await tokenCheckpoint(family);
    using classifier = await TokenClassifier.open(files, { lora: { rank: 2, targetModules: "all-linear" } });
    const example: TokenExample = { words: ["Ada", "in", "Rome"], labels: ["B-PER", "O", "B-LOC"] };
    await classifier.fit([example], { steps: 3, learningRate: 0.02 });
    const logits = await classifier.logits(texts);
    const saved = classifier.save();
    using back = await TokenClassifier.open(saved, { model: files });
    expect(await back.logits(texts)).toEqual(logits);
    const { "labels.json": _, ...peft } = saved;
    const labels = ["0", "1", "2", "3", "4", "5"];
    using named = await TokenClassifier.open(peft, { model: files, labels });
    expect(named.labels).toEqual(labels);
    await expect(TokenClassifier.open(saved, { model: files, labels })).rejects.toThrow(/labels are for PEFT's files/);
    expect(await named.logits(texts)).toEqual(logits);
    await expect(TokenClassifier.open(peft, { model: files, lora: {} })).rejects.toThrow(/lora is for checkpoints/);
    await expect(TokenClassifier.open(peft, { model: files, labels: ["a", "b"] })).rejects.toThrow(FormatError);
    await expect(TokenClassifier.open(peft)).rejects.toThrow(/does not say which model/);
    await expect(TokenClassifier.open(files, { model: files })).rejects.toThrow(/model and labels are for an adapter/);
  },
);
