import { describe, expect, it } from "vitest";
import { AbortError, ConfigError } from "../../ts/index.js";
import { type JobEvent, type JobSpec, memoryStore } from "../../ts/jobs/index.js";
import { afterStep, results, run, runUntil, spec } from "../jobs/tiny-job.js";

const watched: JobSpec = { ...spec, recipe: "peft", evaluateEvery: 10, testSplit: 0.2, learningRate: 0.02 };

describe("a job with a test apart", () => {
  it("learns, chooses and measures on three parts, and says so", async () => {
    const events: JobEvent[] = [];
    const store = memoryStore();
    const { report, predictions } = await run(watched, store, { onProgress: (event) => events.push(event) });
    const { data, result, evaluation, training } = report;
    expect([data.train.examples, data.validation.examples, data.test!.examples]).toEqual([26, 6, 8]);
    expect(result.measuredOn).toBe("test");
    expect([result.before.count, result.after.count, predictions.length]).toEqual([8, 8, 8]);
    expect(result.after.intervals!.accuracy[0]).toBeLessThanOrEqual(result.after.accuracy);
    expect(result.after.perClass.map(({ support }) => support)).toEqual([4, 4]);
    // What was told is what is reported.
    const told = events.filter((event) => event.type === "evaluation");
    expect(told.map(({ step, loss }) => ({ step, value: loss }))).toEqual(evaluation!.measured);
    expect(told.map(({ step }) => step)).toEqual([0, 10, 20, 30, 40, 50, 60]);
    // Of six examples.
    for (const { task, metrics } of told)
      expect([task, [0, 1, 2, 3, 4, 5, 6].map((count) => count / 6)]).toEqual([
        "classify",
        expect.arrayContaining([metrics["accuracy"]]),
      ]);
    const lowest = Math.min(...told.map(({ loss }) => loss));
    expect(evaluation!.best).toEqual({ step: told.find(({ loss }) => loss === lowest)!.step, value: lowest });
    expect(told.filter(({ best }) => best).at(-1)!.loss).toBe(lowest);
    expect(training.steps).toBe(60);
    const curve = new TextDecoder().decode(store.files()["loss.svg"]);
    expect(curve).toContain("loss on validation");
    expect(curve).toContain(`kept: ${evaluation!.best.step}`);
  });

  it("takes a test file, which trains nothing", async () => {
    const apart = { ...spec, steps: 2, testSplit: null, test: "others.csv", allow: ["test-in-training"] as const };
    const { report } = await run({ ...apart, evaluateEvery: 1 }, memoryStore());
    expect(report.data).toMatchObject({ train: { examples: 32 }, validation: { examples: 8 }, test: { examples: 20 } });
    expect(report.result.after.count).toBe(20);
    // Where no step is chosen, nothing is held back for it.
    const { data } = (await run(apart, memoryStore())).report;
    expect(data).toMatchObject({ train: { examples: 40 }, validation: { examples: 0 }, test: { examples: 20 } });
  });

  it("without one is measured on the validation", async () => {
    const { report } = await run({ ...spec, steps: 2 }, memoryStore());
    expect(report.data.test).toBeNull();
    expect(report.evaluation).toBeNull();
    expect(report.result.measuredOn).toBe("validation");
  });

  it("goes on to the same bits wherever it was interrupted", async () => {
    const whole = memoryStore();
    await run(watched, whole);
    const store = memoryStore();
    for (const step of [9, 10, 34]) {
      const { error } = await runUntil(watched, store, afterStep(step));
      expect(error).toBeInstanceOf(AbortError);
    }
    const { error } = await runUntil(watched, store, (event) => event.type === "evaluation" && event.step === 40);
    expect(error).toBeInstanceOf(AbortError);
    await run(watched, store);
    expect(results(store.files())).toEqual(results(whole.files()));
  });

  it("stops where nothing becomes better", async () => {
    // Steps so large that the loss soon rises.
    const wild = { learningRate: 0.5, warmup: 0, schedule: "constant" as const };
    const { report } = await run({ ...watched, ...wild, patience: 1, evaluateEvery: 1, steps: 40 }, memoryStore());
    const { measured, best, stoppedEarly } = report.evaluation!;
    expect(stoppedEarly).toBe(true);
    expect(measured.at(-1)!.value).toBeGreaterThanOrEqual(best.value);
    expect(report.training.steps).toBe(measured.length - 1);
    const { report: patient } = await run({ ...watched, evaluateEvery: null, patience: 20 }, memoryStore());
    expect(patient.evaluation!.measured.map(({ step }) => step).slice(0, 3)).toEqual([0, 6, 12]);
  });
});

it("class weights and sampling reach training, and wrong ones are refused before it", async () => {
  const losses = async (more: Partial<JobSpec>) => {
    const { report } = await run({ ...spec, steps: 3, ...more }, memoryStore());
    return report.steps.map(({ loss }) => loss);
  };
  const plain = await losses({});
  expect(await losses({ classWeights: { good: 5 } })).not.toEqual(plain);
  expect(await losses({ sampling: "balanced" })).not.toEqual(plain);
  await expect(losses({ classWeights: { god: 5 } })).rejects.toThrow(ConfigError);
});
