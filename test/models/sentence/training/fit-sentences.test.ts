import { describe, expect, it } from "vitest";
import {
  AbortError,
  ConfigError,
  readSafetensors,
  SentenceEncoder,
  type SentenceExample,
  type SentenceFitOptions,
  type SentenceLossName,
} from "../../../../ts/index.js";
import { engine } from "../../../../ts/engine/engine.js";
import { noDuplicatesOrder } from "../../../../ts/models/sentence/training/batch-samplers.js";
import { goldenJson } from "../../../golden.js";
import {
  camelCase,
  caseBytes,
  caseEncoder,
  farthest,
  lossCase,
  lossCases,
} from "../../../train/losses/golden-losses.js";
import { tinyEncoder } from "../../tiny-encoder.js";

type Columns = Readonly<Record<string, readonly string[]>>;
const texts = await goldenJson<Record<string, Columns>>("tasks/losses/texts.json");

/** The batch of a case as examples, and what `fit` needs to train on it as sentence-transformers did. */
async function caseCall(name: string) {
  const { settings, columns, vectors } = await lossCase(name);
  const { labels } = settings;
  const { mini_batch_size: miniBatchSize, ...options } = settings.options;
  const rows = Object.values(texts[name]!);
  const teacher = vectors.names.includes("teacher") ? vectors.tensor("teacher") : null;
  const examples = rows[0]!.map((first, i): SentenceExample => {
    const own = rows.map((column) => column[i]!);
    if (columns[0] === "anchor") {
      const [anchor, positive, ...negatives] = own as [string, string];
      return { anchor, positive, negatives, ...(labels !== undefined && { teacher: labels[i]! }) };
    }
    if (teacher !== null)
      return { text: first, teacher: teacher.data.slice(i * teacher.shape[1]!, (i + 1) * teacher.shape[1]!) };
    if (own.length === 1) return { text: first, label: labels![i]! };
    const isClass = /contrastive|softmax/.test(name);
    return isClass
      ? { texts: own as [string, string], label: labels![i]! }
      : { texts: own as [string, string], score: labels![i]! };
  });
  const call: SentenceFitOptions = {
    adapter: "a",
    loss: settings.loss as SentenceLossName,
    lossOptions: camelCase(options),
    normalize: false,
    steps: 3,
    batchSize: examples.length,
    learningRate: 1e-3,
    schedule: () => 1e-3,
    maxGradNorm: null,
    order: () => examples.map((_, i) => i),
    ...(miniBatchSize !== undefined && { miniBatchSize: miniBatchSize as number }),
  };
  return { settings, vectors, examples, call };
}

async function openCase(name: string, encoderName: string): Promise<SentenceEncoder> {
  const encoder = await SentenceEncoder.load(await caseEncoder(encoderName));
  encoder.loadAdapter("a", {
    "adapter_config.json": await caseBytes(name, "init_adapter/adapter_config.json"),
    "adapter_model.safetensors": await caseBytes(name, "init_adapter/adapter_model.safetensors"),
  });
  return encoder;
}

const savedTensors = (encoder: SentenceEncoder) =>
  readSafetensors(encoder.saveAdapter("a")["adapter_model.safetensors"]!);

describe("fit trains as sentence-transformers and PEFT do: three losses, and the adapter afterwards", () => {
  it.each(lossCases)("%s", async (name) => {
    const { settings, vectors, examples, call } = await caseCall(name);
    using encoder = await openCase(name, settings.encoder);
    const { graph } = encoder;
    const isHead = vectors.names.includes("head/weight");
    const head = isHead && {
      weight: graph.variable(vectors.tensor("head/weight")),
      bias: graph.variable(vectors.tensor("head/bias")),
    };
    const guide = settings.loss.startsWith("GIST")
      ? await SentenceEncoder.load(await caseEncoder(settings.encoder))
      : null;
    const lossOptions = { ...call.lossOptions, ...(head && { head }), ...(guide && { guide }) };
    const { steps } = await encoder.fit(examples, { ...call, lossOptions });
    guide?.dispose();
    steps.forEach(({ loss }, i) =>
      expect(Math.abs(loss - settings.loss_f64[i]!)).toBeLessThan(Math.max(2e-6, 8 * settings.f32_vs_f64.loss)),
    );
    const [trained, ours] = [
      readSafetensors(await caseBytes(name, "adapter_step3/adapter_model.safetensors")),
      savedTensors(encoder),
    ];
    const worst = Math.max(
      ...trained.names.map((tensor) => farthest(ours.tensor(tensor).data, trained.tensor(tensor).data)),
    );
    expect(worst).toBeLessThan(Math.max(2e-6, 8 * settings.f32_vs_f64.trained_step3));
  });
});

describe("fit", () => {
  it("with mini-batches trains to the same parameters, up to the order of sums", async () => {
    const { settings, examples, call } = await caseCall("mnrl_negatives-distilbert");
    const train = async (more: SentenceFitOptions) => {
      using encoder = await openCase("mnrl_negatives-distilbert", settings.encoder);
      await encoder.fit(examples, { ...call, ...more });
      return savedTensors(encoder);
    };
    const [whole, cached] = [await train({}), await train({ miniBatchSize: 3, checkpointing: true })];
    for (const name of whole.names)
      expect(farthest(whole.tensor(name).data, cached.tensor(name).data)).toBeLessThan(2e-6);
  });

  it.each<[string, readonly SentenceExample[], SentenceFitOptions, string]>([
    ["no adapter", [{ anchor: "a", positive: "b" }], { adapter: "none" }, "none"],
    ["scores for a loss of classes", [{ texts: ["a", "b"], score: 0.3 }], { loss: "softmax" }, "label"],
    ["pairs for a loss of triplets", [{ anchor: "a", positive: "b" }], { loss: "triplet" }, "3 columns"],
    ["a loss that is not there", [{ anchor: "a", positive: "b" }], { loss: "mnr" as never }, "there is no loss"],
    [
      "a label of a pair that is neither similar nor dissimilar, wherever it is",
      Array.from({ length: 600 }, (_, i) => ({ texts: ["a", `b ${i}`], label: i === 599 ? 2 : 1 })),
      { loss: "contrastive" },
      "example 599",
    ],
    [
      "a score beyond float32",
      Array.from({ length: 40 }, (_, i) => ({ texts: ["a", `b ${i}`], score: i === 30 ? 1e300 : 0.5 })),
      { loss: "cosine-similarity" },
      "example 30",
    ],
    [
      "a label beyond the classes of a head",
      Array.from({ length: 40 }, (_, i) => ({ texts: ["a", `b ${i}`], label: i % 3 })),
      { loss: "softmax", lossOptions: { numLabels: 2 } },
      "numLabels",
    ],
    [
      "a teacher's vector that is not finite",
      [
        { text: "a", teacher: [1, 2] },
        { text: "b", teacher: [1, NaN] },
      ],
      {},
      "example 1: a teacher's numbers are finite",
    ],
    [
      "a teacher's vectors for other than the texts",
      [{ texts: ["a", "b"], teacher: [[1, 2]] }],
      {},
      "as many as the 2 texts",
    ],
    ["examples with functions", [{ anchor: "a", positive: () => "b" } as never], {}, "examples are plain data"],
    [
      "options of a loss with functions",
      [{ anchor: "a", positive: "b" }],
      { lossOptions: { similarityFct: () => 1 } as never },
      "lossOptions are plain data",
    ],
  ])("refuses %s before the first step, and everything is as before", async (_, examples, options, message) => {
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    encoder.addAdapter("a", { rank: 2 });
    const before = savedTensors(encoder);
    const call = encoder.fit(examples, { adapter: "a", steps: 1, ...options });
    await expect(call).rejects.toThrow(ConfigError);
    await expect(call).rejects.toThrow(message);
    for (const name of before.names) expect(savedTensors(encoder).tensor(name)).toEqual(before.tensor(name));
  });

  it("has no text twice in a batch that would hold all examples, for matryoshka's inner loss too", async () => {
    const pairs = Array.from({ length: 8 }, (_, i) => ({ anchor: `question ${i}`, positive: `answer ${i % 2}` }));
    for (const loss of ["multiple-negatives-ranking", "matryoshka"] as const) {
      using encoder = await SentenceEncoder.load(await tinyEncoder());
      encoder.addAdapter("a", { rank: 4 });
      const { steps } = await encoder.fit(pairs, {
        loss,
        lossOptions: { matryoshkaDims: [32] },
        steps: 6,
      });
      // Batches are of two examples, one with each answer: the loss of guessing is ln 2, of all eight ln 8.
      for (const { loss: mean } of steps) expect(mean).toBeLessThan(1);
    }
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    encoder.addAdapter("a", { rank: 4 });
    const equal = [
      { anchor: "a", positive: "b" },
      { anchor: "c", positive: "b" },
    ];
    await expect(encoder.fit(equal, { steps: 1 })).rejects.toThrow("have a text in common");
  });

  it("uses the options of the loss as they are at the call", async () => {
    const pairs = Array.from({ length: 8 }, (_, i) => ({ anchor: `question ${i}`, positive: `answer ${i}` }));
    const trained = async (change: (options: ReturnType<typeof lossOptionsOf>) => void) => {
      using encoder = await SentenceEncoder.load(await tinyEncoder());
      encoder.addAdapter("a", { rank: 2 });
      const lossOptions = lossOptionsOf();
      const running = encoder.fit(pairs, { loss: "matryoshka", lossOptions, steps: 2, batchSize: 4 });
      change(lossOptions);
      await running;
      return encoder.saveAdapter("a")["adapter_model.safetensors"];
    };
    const lossOptionsOf = () => ({
      matryoshkaDims: [32, 8],
      matryoshkaWeights: [1, 1],
      inner: { name: "multiple-negatives-ranking" as const, options: { scale: 20 } },
    });
    const expected = await trained(() => undefined);
    expect(await trained((options) => (options.matryoshkaDims[1] = 2))).toEqual(expected);
    expect(await trained((options) => (options.matryoshkaWeights[0] = 9))).toEqual(expected);
    expect(await trained((options) => (options.inner.options.scale = NaN))).toEqual(expected);
  });

  it("trains the adapter that is active at the call, and refuses a merge meanwhile", async () => {
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    encoder.addAdapter("a", { rank: 2 });
    encoder.addAdapter("b", { rank: 2 });
    const saved = (name: string) => encoder.saveAdapter(name)["adapter_model.safetensors"];
    const before = saved("b");
    const running = encoder.fit(
      [
        { anchor: "a", positive: "b" },
        { anchor: "c", positive: "d" },
      ],
      { steps: 2 },
    );
    encoder.setAdapter("b");
    expect(() => encoder.mergeAdapter("b")).toThrow(ConfigError);
    await running;
    expect(saved("b")).toEqual(before);
  });

  it("copies examples and options at the call, resumes to the same bits, and answers an abort within a step", async () => {
    const { settings, examples, call } = await caseCall("mnrl_pairs-roberta");
    const own = { ...call, batchSize: 3, order: undefined as never, steps: 6 };
    const train = async (more: SentenceFitOptions, change?: (given: SentenceExample[]) => void) => {
      using encoder = await openCase("mnrl_pairs-roberta", settings.encoder);
      const given = structuredClone<SentenceExample[]>(examples);
      const running = encoder.fit(given, { ...own, ...more });
      change?.(given);
      await running;
      return encoder.saveAdapter("a")["adapter_model.safetensors"]!;
    };
    const plain = await train({});
    expect(await train({}, (given) => given.fill({ anchor: "x", positive: "y" }))).toEqual(plain);
    let checkpoint: SentenceFitOptions["resume"];
    const controller = new AbortController();
    const stopped = train({
      signal: controller.signal,
      checkpoint: { every: 100, save: (made) => void (checkpoint = made) },
      onProgress: ({ step }) => step === 2 && controller.abort(),
    });
    await expect(stopped).rejects.toThrow(AbortError);
    expect(checkpoint!.step).toBe(3);
    expect(await train({ resume: checkpoint! })).toEqual(plain);
  });

  it("counts the batches that a sampler makes: an epoch has each of them once", async () => {
    const stepsOf = async (examples: readonly SentenceExample[], options: SentenceFitOptions) => {
      using encoder = await SentenceEncoder.load(await tinyEncoder());
      encoder.addAdapter("a", { rank: 2 });
      return (await encoder.fit(examples, { batchSize: 4, ...options })).steps.length;
    };
    // With two answers a batch has two rows at most, where four would be in one of another order.
    const pairs = Array.from({ length: 32 }, (_, i) => ({ anchor: `question ${i}`, positive: `answer ${i % 2}` }));
    const texted = pairs.map(({ anchor, positive }) => ({ texts: [anchor, positive] }));
    const { perEpoch } = (await noDuplicatesOrder(texted, 4, 0, engine()))!;
    expect(perEpoch).toBeGreaterThan(12);
    expect(await stepsOf(pairs, { epochs: 2 })).toBe(2 * perEpoch);
    const texts = Array.from({ length: 9 }, (_, i) => ({ text: `text ${i}`, label: i % 8 }));
    expect(await stepsOf(texts, { epochs: 3 })).toBe(3);
    expect(await stepsOf(texts, { epochs: 3, batchSampler: "random", loss: "batch-all-triplet" })).toBe(6);
    expect(await stepsOf(pairs, { steps: 3 })).toBe(3);
  });

  it("distills a teacher's vector of each text of a row, and one vector for all of them", async () => {
    const width = 32;
    const vector = (seed: number) => Array.from({ length: width }, (_, i) => ((i * 7 + seed * 3) % 11) / 11 - 0.4);
    const lossOf = async (examples: readonly SentenceExample[], loss?: SentenceLossName) => {
      using encoder = await SentenceEncoder.load(await tinyEncoder());
      encoder.addAdapter("a", { rank: 2 });
      const options = {
        steps: 1,
        batchSize: examples.length,
        normalize: false,
        order: () => examples.map((_, i) => i),
      };
      const { steps } = await encoder.fit(examples, { ...options, ...(loss && { loss }) });
      return steps[0]!.loss;
    };
    const rows = [0, 1, 2].map((i) => [`text ${i}`, `other ${i}`, `third ${i}`]);
    const each = rows.map((texts, i) => ({ texts, teacher: texts.map((_, j) => vector(3 * i + j)) }));
    const single = rows.flatMap((texts, i) => texts.map((text, j) => ({ text, teacher: vector(3 * i + j) })));
    // The mean over columns of the mean over rows is the mean over all texts.
    expect(await lossOf(each)).toBeCloseTo(await lossOf(single), 5);
    expect(await lossOf(each, "distillation")).toBeCloseTo(await lossOf(single, "distillation"), 5);
    const one = rows.map((texts, i) => ({ texts, teacher: vector(i) }));
    const spread = rows.flatMap((texts, i) => texts.map((text) => ({ text, teacher: vector(i) })));
    expect(await lossOf(one, "mse")).toBeCloseTo(await lossOf(spread), 5);
  });
});
