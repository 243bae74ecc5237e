import { type Engine, SentenceEncoder, tensor, TextClassifier } from "../../../ts/index.js";
import type { Checkpoint } from "../../../ts/train/fit-options.js";
import { type Counting, filesOf } from "./model-files.js";
import { recordErrors } from "./recorded-errors.js";

// Models of files, in the page: loopback serves the golden ones.

const FOLDER = "/test/golden/encoders";
const FILES = [
  "config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "model.safetensors",
  "modules.json",
  "1_Pooling/config.json",
  "sentence_bert_config.json",
];

const goldenEncoder = (name: string) => filesOf(`${FOLDER}/${name}`, FILES);

/** Short texts of two labels, the label's word in each. */
const examples = Array.from({ length: 32 }, (_, i) => {
  const label = i % 2 === 0 ? "good" : "bad";
  const word = { good: ["good", "warm", "fine"], bad: ["bad", "cold", "poor"] }[label][(i >> 1) % 3]!;
  return {
    text: `The ${["film", "story", "music"][(i % 5) % 3]} was ${i % 4 < 2 ? "very" : "quite"} ${word}, the end ${i}.`,
    label,
  };
});

const flat = (rows: readonly Float32Array[]) => rows.flatMap((row) => [...row]);

/** Vectors of golden encoders, with their adapters, in float32 and in 8 bits; and that disposing frees everything. */
export async function encodeGolden(engine: Engine, names: readonly string[]): Promise<Record<string, number[]>> {
  const { texts: all } = (await (await fetch(`${FOLDER}/texts.json`)).json()) as { texts: string[] };
  // An empty one, one of several blocks of 16 queries, one of a line and one of a letter: a program on the CPU takes seconds for more.
  const texts = [all[5]!, all[6]!.slice(0, 100), all[7]!, all.at(-1)!];
  const vectors: Record<string, number[]> = {};
  const { used } = engine.info.memory;
  for (const name of names) {
    const files = await goldenEncoder(name);
    for (const weights of name === "bert" ? (["f32", "q8"] as const) : (["f32"] as const)) {
      const encoder = await SentenceEncoder.load(files, { engine, weights });
      const adapter = ["adapter_config.json", "adapter_model.safetensors"];
      encoder.loadAdapter("trained", await filesOf(`${FOLDER}/${name}/replay/adapter_step5`, adapter));
      vectors[`${name} ${weights}`] = flat(await encoder.encode(texts, { adapter: null }));
      vectors[`${name} ${weights}, adapter and none in turn`] = flat(
        await encoder.encode(texts, { adapters: texts.map((_, i) => (i % 2 === 0 ? "trained" : null)) }),
      );
      encoder.dispose();
    }
  }
  vectors["bytes left"] = [engine.info.memory.used - used];
  return vectors;
}

/** Two steps of a classifier on a golden encoder, with an adapter that was saved before them. */
export async function fitEncoder(engine: Engine, name: string, dora: boolean): Promise<Record<string, number[]>> {
  const { used } = engine.info.memory;
  const encoder = await SentenceEncoder.load(await goldenEncoder(name), { engine, seed: 3 });
  const lora = { rank: 2, targetModules: "all-linear", dora } as const;
  const classifier = TextClassifier.create(encoder, { labels: ["good", "bad"], lora });
  const texts = examples.slice(0, 2).map(({ text }) => text);
  const logits = async (of: TextClassifier) => flat(await of.logits(texts));
  const before = await logits(classifier);
  const again = TextClassifier.load(encoder, classifier.save(), { adapter: "again" });
  const reopened = await logits(again);
  const during: number[] = [];
  const { steps } = await classifier.fit(examples.slice(0, 8), {
    steps: 2,
    batchSize: 4,
    learningRate: 5e-3,
    seed: 4,
    // Values that the optimizer has changed, and that nobody has read since.
    onProgress: async () =>
      void during.push(...flat(await encoder.encode(texts, { adapter: classifier.modelAdapter!.name }))),
  });
  const after = await logits(classifier);
  for (const one of [classifier, again]) one.dispose();
  encoder.dispose();
  return {
    before,
    reopened,
    during,
    after,
    losses: steps.map(({ loss }) => loss),
    norms: steps.map(({ gradNorm }) => gradNorm),
    bytesLeft: [engine.info.memory.used - used],
  };
}

/** A classifier's training: losses, norms, measurements, logits, files; counts of each step; what happens when it is cancelled. */
export async function trainGolden(engine: Engine) {
  const { used } = engine.info.memory;
  const encoder = await SentenceEncoder.load(await goldenEncoder("bert"), { engine, seed: 3 });
  const create = (adapter?: string) =>
    TextClassifier.create(encoder, {
      labels: ["good", "bad"],
      lora: { rank: 4, dropout: 0.1 },
      ...(adapter && { adapter }),
    });
  const classifier = create();
  const texts = examples.slice(0, 4).map(({ text }) => text);
  const checkpoints: Checkpoint[] = [];
  const counted: Record<string, number>[] = [];
  const shared = { steps: 5, batchSize: 2, learningRate: 5e-3, maxGradNorm: 0.5, seed: 4 };
  const counts = () => void counted.push({ ...(engine as Counting).counts });
  const { steps, evaluation } = await classifier.fit(examples.slice(0, 24), {
    ...shared,
    evaluate: {
      every: 2,
      better: "lower",
      measure: async () => (await classifier.evaluate(examples.slice(30), { intervals: false })).loss,
    },
    checkpoint: { every: 3, save: (checkpoint) => void checkpoints.push(checkpoint) },
    onProgress: counts,
  });
  const logits = flat(await classifier.logits(texts));
  const again = TextClassifier.load(encoder, classifier.save(), { adapter: "again" });
  const reopened = flat(await again.logits(texts));

  // Continued from a checkpoint; cancelled, in micro-batches; and trained until a loss is not finite.
  const continued = create("continued");
  const { evaluation: _, ...checkpoint } = checkpoints[0]!;
  const resumed = await continued.fit(examples.slice(0, 24), { ...shared, resume: checkpoint });
  const { errors, note } = recordErrors(String);
  const cancelled = new AbortController();
  let done = 0;
  await note("cancelled", () =>
    continued.fit(examples, {
      ...shared,
      accumulate: 2,
      signal: cancelled.signal,
      onProgress: () => void (++done === 2 && cancelled.abort()),
    }),
  );
  const afterwards = flat(await continued.logits(texts.slice(0, 1)));
  // Logits whose difference is infinite: the loss is, the gradient is not.
  encoder.graph.setValue(continued.head.bias, tensor([2], [3e38, -3e38]));
  const values = () => continued.params().map((id) => [...encoder.graph.value(id).data]);
  const before = values();
  await note("diverged", () => continued.fit(examples, { ...shared, maxGradNorm: null }));
  const unchanged = JSON.stringify(values()) === JSON.stringify(before);
  for (const one of [classifier, again, continued]) one.dispose();
  encoder.dispose();
  return {
    losses: steps.map(({ loss }) => loss),
    norms: steps.map(({ gradNorm }) => gradNorm),
    measured: evaluation!.measured.map(({ value }) => value),
    best: evaluation!.best.step,
    logits,
    reopened,
    counted,
    errors,
    done,
    afterwards,
    unchanged,
    resumed: resumed.steps.slice(-2).map(({ loss }) => loss),
    bytesLeft: engine.info.memory.used - used,
  };
}
