import { HeadOnlyTask, raggedBatch } from "../../../../ts/entry/graph.js";
import {
  CrossEncoder,
  fit,
  fitLogisticRegression,
  predictEach,
  SentenceEncoder,
  TextClassifier,
  TextRegressor,
  TokenClassifier,
} from "../../../../ts/index.js";
import type { Call } from "../refusals.js";
import { goldenBytes } from "../../../golden.js";
import { checkpoint, files, type ModelScene, vectors } from "./scene.js";

type ModelCall = Call<ModelScene>;
/** Names of an object's public methods, or a class's own. */
type Methods<T> = Extract<{ [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T], string>;

export const tokenFiles = {
  "config.json": await goldenBytes("tokens/bert/config.json"),
  "model.safetensors": await goldenBytes("tokens/bert/model.safetensors"),
  "tokenizer.json": await goldenBytes("encoders/bert/tokenizer.json"),
  "tokenizer_config.json": await goldenBytes("encoders/bert/tokenizer_config.json"),
};
const texts = () => ["a good film", "bad"];
const examples = () => [
  { text: "a good film", label: "good" },
  { text: "bad", label: "bad" },
];
const tokenized = () => [
  { ids: [2, 5, 3], target: 1 },
  { ids: Int32Array.of(2, 3), target: 0 },
];
const labelled = () => [
  { words: ["a", "good", "film"], labels: ["B-PER", null, "O"] },
  { text: "bad film", entities: [{ start: 0, end: 3, label: "LOC" }] },
];
const lora = () => ({ rank: 1, alpha: 2, targetModules: ["query"], rslora: true, dora: false, dropout: 0.5 });
const inference = () => ({ signal: new AbortController().signal, onProgress: () => undefined });

/** Ends a training after two steps, however many were asked for. */
function brief() {
  const controller = new AbortController();
  const onProgress = ({ step }: { step: number }) => void (step > 0 && controller.abort());
  return { signal: controller.signal, onProgress };
}
const training = () => ({
  steps: 2,
  batchSize: 2,
  learningRate: 0.01,
  weightDecay: 0.1,
  maxGradNorm: 1,
  accumulate: 1,
  seed: 1,
  ...brief(),
  checkpoint: { every: 1, save: () => undefined },
});

/** What `save` gave, then the encoder without it. */
const saved = ({ classifier }: ModelScene) => [
  classifier.encoder,
  { ...classifier.save() },
  { adapter: "copy", allowNonFinite: true, allowOtherBase: true },
];

/** What `save` gives of a head alone on the scene's encoder. */
async function savedTokensOf() {
  const encoder = await SentenceEncoder.load(files);
  const saved = TokenClassifier.create(encoder, { labels: ["O", "B-A", "I-A"], lora: null }).save();
  encoder.dispose();
  return saved;
}
const savedTokens = await savedTokensOf();

/** A cross-encoder's files. */
async function savedCrossOf() {
  using encoder = await SentenceEncoder.load(files);
  return await CrossEncoder.create(encoder, { lora: null }).save();
}
const savedCross = await savedCrossOf();

/** A call on a cross-encoder, which goes after it. */
const onCross = async (call: (cross: CrossEncoder) => Promise<unknown>) => {
  using cross = await CrossEncoder.load(savedCross);
  await call(cross);
};
const pairs = () => [
  ["a film", "it is good"],
  ["a story", ""],
];

/** What a run leaves of an adapter and a head with one output on the scene's encoder. */
async function savedNumbersOf() {
  const encoder = await SentenceEncoder.load(files);
  const regressor = TextRegressor.create(
    encoder,
    "stars",
    { mean: 3, deviation: 2, min: null, max: null },
    { rank: 1 },
  );
  const saved = regressor.save();
  encoder.dispose();
  return saved;
}
const savedNumbers = await savedNumbersOf();

/** A call on a checkpoint's classifier of tokens, which goes after it. */
const onTokens = async (call: (classifier: TokenClassifier) => Promise<unknown>) => {
  const classifier = await TokenClassifier.open(tokenFiles);
  await call(classifier).finally(() => classifier.dispose());
};

/** Functions and constructors. */
export const modelCalls = {
  TextRegressor: [
    {
      args: ({ encoder }) => [
        encoder,
        { ...savedNumbers },
        { adapter: "copy", allowNonFinite: true, allowOtherBase: true },
      ],
      run: (_, ...args) => TextRegressor.load(...(args as [never, never, never])),
    },
    {
      args: () => [texts(), inference()],
      run: ({ encoder }, ...args) => {
        const regressor = TextRegressor.load(encoder, savedNumbers, { adapter: "numbers" });
        return regressor.predict(...(args as [never, never])).finally(() => regressor.dispose());
      },
    },
  ],
  TokenClassifier: [
    {
      args: () => [{ ...tokenFiles }, { seed: 1, weights: "f16", packedCopies: 1 }],
      run: async (_, ...args) => (await TokenClassifier.open(...(args as [never, never]))).dispose(),
    },
    {
      args: () => [texts(), { ...inference(), adapter: null, aggregation: "first" }],
      run: (_, ...args) => onTokens((classifier) => classifier.predict(...(args as [never, never]))),
    },
    {
      args: () => [texts(), { ...inference(), adapter: null }],
      run: (_, ...args) => onTokens((classifier) => classifier.logits(...(args as [never, never]))),
    },
    {
      args: ({ encoder }) => [encoder, { labels: ["O", "B-A", "I-A"], lora: lora(), adapter: "new" }],
      run: (_, ...args) => TokenClassifier.create(...(args as [never, never])),
    },
    {
      args: ({ encoder }) => [
        encoder,
        { ...savedTokens },
        { adapter: "copy", allowNonFinite: true, allowOtherBase: true },
      ],
      run: (_, ...args) => TokenClassifier.load(...(args as [never, never, never])),
    },
    {
      args: () => [
        labelled(),
        { ...training(), classWeights: { O: 2, "B-PER": 1 }, headLearningRate: 0.02, checkpointing: true },
      ],
      run: (_, ...args) => onTokens((classifier) => classifier.fit(...(args as [never, never]))),
    },
    {
      args: () => [labelled(), { ...inference(), regularisation: 0.1, classWeights: { O: 2, "B-PER": 1 }, seed: 3 }],
      run: (_, ...args) => onTokens((classifier) => classifier.fitHead(...(args as [never, never]))),
    },
    {
      args: () => [labelled(), { ...inference(), adapter: null, strict: true }],
      run: (_, ...args) => onTokens((classifier) => classifier.evaluate(...(args as [never, never]))),
    },
  ],
  CrossEncoder: [
    {
      args: ({ encoder }) => [
        encoder,
        { labels: ["no", "yes"], lora: lora(), adapter: "cross", activation: "softmax" },
      ],
      run: (_, ...args) => CrossEncoder.create(...(args as [never, never])).dispose(),
    },
    {
      args: () => [{ ...savedCross }, { seed: 1, maxTokens: 8, lora: lora(), adapter: "cross", allowNonFinite: true }],
      run: async (_, ...args) => (await CrossEncoder.load(...(args as [never, never]))).dispose(),
    },
    {
      args: () => [pairs(), { ...inference(), activation: "sigmoid" }],
      run: (_, ...args) => onCross((cross) => cross.predict(...(args as [never, never]))),
    },
    {
      args: () => [pairs(), inference()],
      run: (_, ...args) => onCross((cross) => cross.logits(...(args as [never, never]))),
    },
    {
      args: () => ["a film", texts(), { ...inference(), activation: "sigmoid", topK: 1 }],
      run: (_, ...args) => onCross((cross) => cross.rank(...(args as [never, never, never]))),
    },
    {
      args: () => [pairs()],
      run: (_, ...args) => onCross(async (cross) => Promise.resolve(cross.tokenize(...(args as [never])))),
    },
    {
      args: () => [
        [
          { query: "a film", text: "it is good", label: 1 },
          { query: "a film", text: "a story", label: 0 },
        ],
        { ...training(), loss: "mse", headLearningRate: 0.02, checkpointing: true, negatives: 1 },
      ],
      run: (_, ...args) => onCross((cross) => cross.fit(...(args as [never, never]))),
    },
    {
      args: () => [{ merged: true, base: "a/b", metrics: { accuracy: 1 } }],
      run: (_, ...args) => onCross((cross) => cross.save(...(args as [never]))),
    },
  ],
  HeadOnlyTask: [
    { args: ({ head }) => [head], run: (_, head) => new HeadOnlyTask(head) },
    { args: () => [[...vectors]], run: ({ encoder, task }, all) => encoder.graph.step(() => void task.loss(all)) },
    {
      args: () => [vectors.map(({ vector }) => vector)],
      run: ({ encoder, task }, all) => encoder.graph.step(() => void task.logits(all)),
    },
  ],
  fit: [
    {
      args: ({ task }) => [task, [...vectors], { ...training(), schedule: () => 0.01 }],
      run: (_, ...args) => fit(...(args as Parameters<typeof fit>)),
    },
    {
      args: ({ task }) => {
        const { graph } = task;
        const loss = (batch: typeof vectors) => ({ ...task.loss(batch) });
        const groups = () => [{ params: task.params(), lr: 0.01 }];
        return [{ graph, params: () => task.params(), groups, loss, memory: () => 1 }];
      },
      run: (_, task) => fit(task, vectors, training()),
    },
    {
      args: () => [{ every: 1, measure: () => 1, better: "lower", patience: 3, minimumChange: 0 }],
      run: ({ task }, evaluate) => fit(task, vectors, { steps: 2, batchSize: 2, evaluate }),
    },
    { args: () => [{ ...checkpoint }], run: ({ task }, resume) => fit(task, vectors, { ...training(), resume }) },
    {
      args: () => [{ sum: 0, targets: 1, tokens: 0 }],
      run: ({ task }, part) =>
        fit({ graph: task.graph, params: () => task.params(), loss: () => part }, vectors, training()),
    },
  ],
  fitLogisticRegression: [
    {
      args: ({ encoder: { graph } }) => [
        graph,
        vectors.map(({ vector }) => vector),
        [0, 1, 1, 0],
        2,
        { ...inference(), regularisation: 2, classWeights: "balanced", seed: 1 },
      ],
      run: (_, ...args) => fitLogisticRegression(...(args as Parameters<typeof fitLogisticRegression>)),
    },
  ],
  predictEach: [
    {
      args: ({ classifier }) => [texts().map((text) => ({ classifier, text })), inference()],
      run: (_, ...args) => predictEach(...(args as Parameters<typeof predictEach>)),
    },
  ],
} satisfies Record<string, ModelCall[]>;

/** A call of a method of the scene's encoder. */
const on = (name: Methods<SentenceEncoder>, args: ModelCall["args"]): ModelCall => ({
  args,
  run: ({ encoder }, ...given) => (encoder[name] as (...args: unknown[]) => unknown)(...given),
});

/** Right arguments of every method of an encoder. One without a row does not compile. */
export const encoderCalls: Record<Methods<SentenceEncoder> | Methods<typeof SentenceEncoder>, ModelCall[]> = {
  fit: [
    on("fit", () => [
      [{ anchor: "a day", positive: "a fine day", negatives: ["a night"] }],
      {
        ...training(),
        adapter: "plain",
        loss: "multiple-negatives-ranking",
        lossOptions: { scale: 10, matryoshkaDims: [8] },
      },
    ]),
    on("fit", () => [
      [{ texts: ["a", "b"], score: 0.5 }],
      { ...training(), adapter: "plain", miniBatchSize: 1, normalize: true },
    ]),
    on("fit", () => [
      [
        { text: "a", label: "x" },
        { text: "b", label: "x" },
      ],
      { ...training(), adapter: "plain", batchSampler: "random" },
    ]),
    on("fit", () => [[{ text: "a", teacher: new Float32Array(32) }], { ...training(), adapter: "plain" }]),
  ],
  adapter: [on("adapter", () => ["plain"])],
  adapters: [on("adapters", () => [])],
  addAdapter: [on("addAdapter", () => ["new", lora()])],
  addWeightedAdapter: [
    on("addWeightedAdapter", () => [
      "new",
      { adapters: ["plain"], weights: [0.5], combinationType: "svd", svdRank: 1, majoritySignMethod: "total" },
    ]),
    on("addWeightedAdapter", () => [
      "new",
      { adapters: ["plain"], weights: [0.5], combinationType: "ties", density: 0.5 },
    ]),
    on("addWeightedAdapter", () => [
      "new",
      {
        adapters: ["plain"],
        weights: [0.5],
        combinationType: "ties_svd",
        density: 0.5,
        svdRank: 1,
        signal: new AbortController().signal,
      },
    ]),
  ],
  dispose: [on("dispose", () => [])],
  encode: [
    on("encode", () => [texts(), { ...inference(), adapter: "plain", normalize: true }]),
    on("encode", () => [texts(), { ...inference(), adapters: ["plain", null], normalize: true, prompt: "a " }]),
  ],
  save: [
    on("save", () => [
      { adapter: "plain", merged: true, base: "a/b", metrics: { accuracy: 1 }, signal: new AbortController().signal },
    ]),
  ],
  encodeQuery: [on("encodeQuery", () => [texts(), { ...inference(), truncateDim: 4 }])],
  encodeDocument: [on("encodeDocument", () => [texts(), { ...inference(), truncateDim: 4 }])],
  hotswapAdapter: [
    on("hotswapAdapter", ({ encoder }) => ["plain", { ...encoder.saveAdapter("plain") }, { allowNonFinite: true }]),
  ],
  infer: [on("infer", () => [texts(), (pooled: unknown) => pooled, { ...inference(), adapter: null }])],
  load: [
    {
      args: () => [
        { ...files },
        {
          seed: 1,
          maxTokens: 8,
          pooling: "mean",
          weights: "f16",
          packedCopies: 1,
          allowNonFinite: true,
          signal: new AbortController().signal,
          onProgress: () => undefined,
        },
      ],
      run: async (_, ...args) => (await SentenceEncoder.load(...(args as [never, never]))).dispose(),
    },
    {
      args: () => [{ name: "source", open: async () => null }],
      run: async (_, source) => (await SentenceEncoder.load(source)).dispose(),
    },
    {
      args: () => [{ size: 2, read: async () => new Uint8Array(2), close: async () => undefined }],
      run: async (_, opened) => (await SentenceEncoder.load({ name: "source", open: async () => opened })).dispose(),
    },
  ],
  loadAdapter: [
    on("loadAdapter", ({ encoder }) => ["new", { ...encoder.saveAdapter("plain") }, { allowNonFinite: true }]),
  ],
  mergeAdapter: [on("mergeAdapter", () => ["plain"])],
  pooled: [
    {
      args: () => [{ ...raggedBatch([[2, 5, 3]]) }, "plain"],
      run: ({ encoder }, ...args) => encoder.graph.step(() => void encoder.pooled(...(args as [never, never]))),
    },
    {
      args: () => [["plain", null]],
      run: ({ encoder }, adapters) =>
        encoder.graph.step(
          () =>
            void encoder.pooled(
              raggedBatch([
                [2, 5, 3],
                [2, 3],
              ]),
              adapters as never,
            ),
        ),
    },
  ],
  removeAdapter: [on("removeAdapter", () => ["plain"])],
  renameAdapter: [on("renameAdapter", () => ["plain", "other"])],
  saveAdapter: [on("saveAdapter", () => ["plain"])],
  scaleAdapter: [on("scaleAdapter", () => ["plain", 0.5])],
  setAdapter: [on("setAdapter", () => ["plain"])],
  tokenize: [on("tokenize", () => [texts()])],
  trainableParams: [on("trainableParams", () => [])],
  unmergeAdapter: [
    on("unmergeAdapter", ({ encoder }) => {
      if (!encoder.adapters()[0]!.merged) encoder.mergeAdapter("plain");
      return ["plain"];
    }),
  ],
};

/** A call of a method of the scene's classifier. */
const by = (name: Methods<TextClassifier>, args: ModelCall["args"]): ModelCall => ({
  args,
  run: ({ classifier }, ...given) => (classifier[name] as (...args: unknown[]) => unknown)(...given),
});

/** Right arguments of every method of a classifier. One without a row does not compile. */
export const classifierCalls: Record<Methods<TextClassifier> | Methods<typeof TextClassifier>, ModelCall[]> = {
  // For several labels a text, which the scene's classifier does not have.
  chooseThresholds: [],
  create: [
    {
      args: ({ encoder }) => [encoder, { labels: ["a", "b"], lora: lora(), adapter: "new" }],
      run: (_, ...args) => TextClassifier.create(...(args as [never, never])),
    },
  ],
  dispose: [by("dispose", () => [])],
  evaluate: [by("evaluate", () => [examples(), { ...inference(), intervals: true }])],
  fit: [
    by("fit", () => [
      examples(),
      {
        ...training(),
        classWeights: { good: 2, bad: 1 },
        sampling: "balanced",
        headLearningRate: 0.02,
        loraPlusRatio: 4,
      },
    ]),
    by("fit", () => [examples(), { ...training(), classWeights: "balanced", order: () => [0, 1] }]),
  ],
  fitHead: [
    by("fitHead", () => [examples(), { ...inference(), regularisation: 2, classWeights: "balanced", seed: 1 }]),
  ],
  load: [
    {
      args: (scene) => saved(scene),
      run: (_, ...args) => TextClassifier.load(...(args as [never, never, never])),
    },
  ],
  open: [
    {
      args: ({ classifier }) => [
        { ...classifier.save() },
        { model: { ...files }, adapter: "copy", seed: 1, weights: "f16", packedCopies: 1, allowOtherBase: true },
      ],
      run: async (_, ...args) => (await TextClassifier.open(...(args as [never, never]))).dispose(),
    },
  ],
  logits: [by("logits", () => [texts(), inference()])],
  loss: [
    {
      args: () => [tokenized()],
      run: ({ encoder, classifier }, all) => encoder.graph.step(() => void classifier.loss(all)),
    },
  ],
  memory: [by("memory", () => [tokenized()])],
  params: [by("params", () => [])],
  predict: [by("predict", () => [texts(), inference()])],
  save: [by("save", () => [])],
  // Takes nothing, and the scene's head does not have the form of transformers' own.
  savePeft: [],
};
