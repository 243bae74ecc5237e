import { describe, expect, it } from "vitest";
import { fit, ModelError, type NodeId } from "../../../../ts/index.js";
import { named, refusals } from "../refusals.js";
import { classifierCalls, encoderCalls, modelCalls } from "./calls.js";
import { checkpoint, ground, vectors } from "./scene.js";

describe.each([
  ["functions", named(modelCalls)],
  ["SentenceEncoder", named(encoderCalls)],
  ["TextClassifier", named(classifierCalls)],
])("%s", (_, calls) => {
  it.each(calls)("%s takes what is right", async (name, { args, run }) => {
    const scene = await ground.make();
    const refused = await Promise.resolve()
      .then(() => run(scene, ...args(scene)))
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    // The two sources that have no model in them, and the loss that is none.
    if (/load \((2|3)\)/.test(name)) expect(refused).toBeInstanceOf(ModelError);
    else if (name !== "fit (5)") expect(refused).toBeUndefined();
    ground.end(scene);
  });

  // Some hundred calls each, of which those that are right after all are carried out.
  it.each(calls)("%s refuses what is wrong by name, and nothing has changed", async (_, call) => {
    expect(await refusals(ground, call)).toEqual([]);
  });
});

describe("what is taken when a call begins", () => {
  it("a checkpoint to go on from: each field is read once", async () => {
    const scene = await ground.make();
    const reads = new Map<string, number>();
    const counting = Object.fromEntries(Object.keys(checkpoint).map((name) => [name, undefined]));
    for (const [name, value] of Object.entries(checkpoint)) {
      const get = () => (reads.set(name, (reads.get(name) ?? 0) + 1), value as unknown);
      Object.defineProperty(counting, name, { enumerable: true, get });
    }
    await fit(scene.task, vectors, { steps: 2, batchSize: 2, resume: counting as never });
    expect([...reads.values()]).toEqual(Object.keys(checkpoint).map(() => 1));
    ground.end(scene);
  });

  it("a long history is taken as a short one is", async () => {
    const scene = await ground.make();
    const step = 200_000;
    const history = Array.from({ length: step }, (_, i) => ({ ...checkpoint.history[0]!, step: i }));
    const report = await fit(scene.task, vectors, {
      steps: step,
      batchSize: 2,
      resume: { ...checkpoint, step, history },
    });
    expect(report.steps.length).toBe(step);
    ground.end(scene);
  });

  it("a batch is looked at as a whole: no part of a wrong one stays on the tape", async () => {
    const scene = await ground.make();
    const { encoder } = scene;
    const right = { ids: Int32Array.of(2, 3), positions: Int32Array.of(0, 1), offsets: Int32Array.of(0, 2) };
    const wrong = [
      { ids: Int32Array.of(2, 1_000_000) },
      { positions: Int32Array.of(0, -1) },
      { positions: Int32Array.of(0) },
      { offsets: Int32Array.of(0, 1) },
      { offsets: Int32Array.of() },
    ];
    encoder.graph.step(() => {
      const { length } = encoder.graph.nodes;
      for (const part of wrong) {
        expect(() => encoder.pooled({ ...right, ...part })).toThrow(/^pooled: /);
        expect(encoder.graph.nodes.length).toBe(length);
      }
    });
    ground.end(scene);
  });

  it("finish gives a row for each text", async () => {
    const { encoder } = await ground.make();
    const narrower = (pooled: NodeId) => encoder.graph.sum(pooled, { dim: 0 });
    await expect(encoder.infer(["a", "b"], narrower)).rejects.toThrow("a row for each of the 2 texts");
    encoder.dispose();
  });
});
