import { describe, expect, it } from "vitest";
import {
  AdamW,
  CausalLanguageModel,
  CrossEncoder,
  engineInfo,
  Graph,
  SearchIndex,
  SentenceEncoder,
  StaleNodeError,
  TextClassifier,
  TextRegressor,
  TokenClassifier,
} from "../../ts/index.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { decoderFiles } from "../models/language/golden-decoder.js";

interface Disposable {
  dispose(): unknown;
}

interface Case {
  /** Makes an object, and others that it needs, which are disposed of afterwards. */
  readonly make: () => Promise<readonly [object: Disposable, ...needed: Disposable[]]>;
  /** Calls of it, each of which fails once it was disposed. */
  readonly calls: readonly ((object: never) => unknown)[];
}

const onEncoder =
  <T extends Disposable>(make: (encoder: SentenceEncoder) => T) =>
  async (): Promise<[T, SentenceEncoder]> => {
    const encoder = await SentenceEncoder.load(await tinyEncoder());
    return [make(encoder), encoder];
  };

const classes: Record<string, Case> = {
  SentenceEncoder: {
    make: async () => [await SentenceEncoder.load(await tinyEncoder())],
    calls: [(encoder: SentenceEncoder) => encoder.encode(["a"]), (encoder: SentenceEncoder) => encoder.addAdapter("b")],
  },
  TextClassifier: {
    make: onEncoder((encoder) => TextClassifier.create(encoder, { labels: ["a", "b"] })),
    calls: [
      (classifier: TextClassifier) => classifier.predict(["a"]),
      (classifier: TextClassifier) => classifier.fit([{ text: "a", label: "b" }], { steps: 1 }),
      (classifier: TextClassifier) => classifier.save(),
    ],
  },
  TextRegressor: {
    make: onEncoder((encoder) =>
      TextRegressor.create(encoder, "stars", { mean: 3, deviation: 1, min: 1, max: 5 }, { rank: 2 }),
    ),
    calls: [(regressor: TextRegressor) => regressor.predict(["a"]), (regressor: TextRegressor) => regressor.save()],
  },
  TokenClassifier: {
    make: onEncoder((encoder) => TokenClassifier.create(encoder, { labels: ["O", "B-X"] })),
    calls: [
      (classifier: TokenClassifier) => classifier.predict(["a"]),
      (classifier: TokenClassifier) => classifier.save(),
    ],
  },
  CrossEncoder: {
    make: onEncoder((encoder) => CrossEncoder.create(encoder)),
    calls: [
      (cross: CrossEncoder) => cross.predict([["a", "b"]]),
      (cross: CrossEncoder) => cross.rank("a", ["b"]),
      (cross: CrossEncoder) => cross.save(),
    ],
  },
  CausalLanguageModel: {
    make: async () => [await CausalLanguageModel.load(await decoderFiles("qwen3"))],
    calls: [(model: CausalLanguageModel) => model.session(), (model: CausalLanguageModel) => model.generate([1, 2])],
  },
  GenerationSession: {
    make: async () => {
      const model = await CausalLanguageModel.load(await decoderFiles("qwen3"));
      return [model.session(), model];
    },
    calls: [(session: ReturnType<CausalLanguageModel["session"]>) => session.generate([1, 2])],
  },
  SearchIndex: {
    make: async () => [SearchIndex.create({ dimensions: 2 })],
    calls: [
      (index: SearchIndex) => index.add(["a"], [new Float32Array(2)]),
      (index: SearchIndex) => index.search(new Float32Array(2)),
      (index: SearchIndex) => index.save(),
    ],
  },
  Graph: {
    make: async () => [new Graph()],
    calls: [(graph: Graph) => graph.variable({ shape: [1], data: new Float32Array(1) })],
  },
  AdamW: {
    make: async () => {
      const graph = new Graph();
      const weight = graph.variable({ shape: [1], data: new Float32Array(1) });
      return [new AdamW(graph, [weight], { lr: 0.1 }), graph];
    },
    calls: [(optimizer: AdamW) => optimizer.step()],
  },
};

describe.each(Object.entries(classes))("%s", (_, { make, calls }) => {
  it("that was disposed refuses each call by StaleNodeError, and a second dispose does nothing", async () => {
    const { used } = engineInfo().memory;
    const [object, ...needed] = await make();
    await object.dispose();
    await object.dispose();
    for (const call of calls) {
      const error = await Promise.resolve()
        .then(() => call(object as never))
        .then(
          () => null,
          (error: unknown) => error,
        );
      expect(error, String(call)).toBeInstanceOf(StaleNodeError);
      expect(error, String(call)).toMatchObject({ details: { reason: "disposed" } });
    }
    for (const one of needed) await one.dispose();
    expect(engineInfo().memory.used).toBe(used);
  });
});
