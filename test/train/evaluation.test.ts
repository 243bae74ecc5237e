import { beforeEach, describe, expect, it } from "vitest";
import { AbortError, type Checkpoint, ConfigError, fit, type FitOptions, Graph } from "../../ts/index.js";
import { graphOfTest, Regression, rows } from "./regression.js";

let graph: Graph;
beforeEach(() => void (graph = graphOfTest()));

/** Loss by step as a script says it: the value after so many steps. */
const scripted = (values: Readonly<Record<number, number>>) => (step: number) => values[step]!;
const run = { steps: 12, batchSize: 4, learningRate: 0.05 } satisfies FitOptions;

/** Parameters after each number of steps, of the run without interruption. */
async function valuesByStep(): Promise<number[][]> {
  const task = new Regression(graph);
  const values = [task.values];
  await fit(task, rows, { ...run, onProgress: () => void values.push(task.values) });
  return values;
}

describe("evaluate", () => {
  it("measures before the first step, every so many and at the end, and leaves the best parameters", async () => {
    const values = await valuesByStep();
    const task = new Regression(graph);
    const seen: [number, number[]][] = [];
    const script = scripted({ 0: 9, 5: 3, 10: 3, 12: 4 });
    const measure = async (step: number) => {
      seen.push([step, task.values]);
      await Promise.resolve();
      return script(step);
    };
    const report = await fit(task, rows, { ...run, evaluate: { every: 5, measure } });
    expect(seen).toEqual([0, 5, 10, 12].map((step) => [step, values[step]]));
    expect(report.evaluation).toEqual({
      measured: [
        { step: 0, value: 9 },
        { step: 5, value: 3 },
        { step: 10, value: 3 },
        { step: 12, value: 4 },
      ],
      best: { step: 5, value: 3 },
      stoppedEarly: false,
    });
    expect(report.steps).toHaveLength(12);
    expect(task.values).toEqual(values[5]);
  });

  it("can find that no step was for the better", async () => {
    const task = new Regression(graph);
    const before = task.values;
    const measure = (step: number) => -step;
    const report = await fit(task, rows, { ...run, evaluate: { every: 1, measure, better: "higher", patience: 3 } });
    expect(report.evaluation).toMatchObject({ best: { step: 0 }, stoppedEarly: true });
    expect(report.steps).toHaveLength(3);
    expect(task.values).toEqual(before);
  });

  it.each([
    ["lower", 1, 0, { 0: 5, 2: 4, 4: 4, 6: 1 }, 4, 2],
    ["lower", 2, 0, { 0: 5, 2: 4, 4: 4.5, 6: 3, 8: 3, 10: 3 }, 10, 6],
    ["higher", 1, 0, { 0: 0.5, 2: 0.6, 4: 0.6 }, 4, 2],
    // The third is a little better: it is kept, and counts for nothing.
    ["lower", 1, 0.5, { 0: 5, 2: 4, 4: 3.8 }, 4, 4],
    // Small changes add up: what counts is the distance to the last that counted.
    ["lower", 2, 0.5, { 0: 5, 2: 4.7, 4: 4.4, 6: 4.3, 8: 4.3 }, 8, 6],
  ] as const)(
    "better %s, patience %d, minimum change %d: %o",
    async (better, patience, minimumChange, script, end, best) => {
      const evaluate = { every: 2, measure: scripted(script), better, patience, minimumChange };
      const { steps, evaluation } = await fit(new Regression(graph), rows, { ...run, evaluate });
      expect([steps.length, evaluation!.best.step]).toEqual([end, best]);
      expect(evaluation!.stoppedEarly).toBe(true);
    },
  );

  it("changes no bit of the steps", async () => {
    const own = new Graph({ seed: 4 });
    const losses = async (options: FitOptions) => {
      const task = new Regression(own, 0.5);
      own.streamsDrawn = 0;
      const { steps } = await fit(task, rows, { ...run, ...options });
      return steps.map(({ loss }) => loss);
    };
    const measure = () => (own.streamsDrawn += 2);
    expect(await losses({ evaluate: { every: 2, measure } })).toEqual(await losses({}));
    own.dispose();
  });

  it("goes on from any checkpoint to the same parameters and the same choice", async () => {
    const script = scripted({ 0: 9, 3: 2, 6: 4, 9: 5, 12: 6 });
    const evaluate = { every: 3, measure: script, patience: 3 };
    const whole = new Regression(graph);
    const checkpoints: Checkpoint[] = [];
    const save = (checkpoint: Checkpoint) => void checkpoints.push(structuredClone(checkpoint));
    const report = await fit(whole, rows, { ...run, evaluate, checkpoint: { every: 1, save } });
    expect(report.evaluation).toMatchObject({ best: { step: 3 }, stoppedEarly: false });
    expect(checkpoints.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    for (const resume of checkpoints) {
      const task = new Regression(graph);
      const again = await fit(task, rows, { ...run, evaluate, resume });
      expect(task.values).toEqual(whole.values);
      expect(again.evaluation).toEqual(report.evaluation);
    }
    // One that stopped early stays stopped.
    const impatient = { ...evaluate, patience: 1 };
    const at6 = checkpoints[5]!;
    const task = new Regression(graph);
    const stopped = await fit(task, rows, { ...run, evaluate: impatient, resume: at6 });
    expect(stopped.steps).toHaveLength(6);
    expect(task.values).toEqual(whole.values);
  });

  it.each([0, 6, 12])("cancelled while it measures after step %d, it measures there when it goes on", async (at) => {
    const script = scripted({ 0: 9, 3: 2, 6: 1, 9: 5, 12: 0.5 });
    const whole = new Regression(graph);
    await fit(whole, rows, { ...run, evaluate: { every: 3, measure: script } });

    const task = new Regression(graph);
    const abort = new AbortController();
    let saved: Checkpoint | undefined;
    const measure = (step: number) => {
      if (step !== at) return script(step);
      abort.abort();
      return new Promise<number>(() => undefined); // never ends
    };
    const checkpoint = { every: 100, save: (made: Checkpoint) => void (saved = structuredClone(made)) };
    const cancelled = fit(task, rows, { ...run, signal: abort.signal, evaluate: { every: 3, measure }, checkpoint });
    await expect(cancelled).rejects.toThrow(AbortError);
    expect(saved!.step).toBe(at);
    const other = new Regression(graph);
    await fit(other, rows, { ...run, evaluate: { every: 3, measure: script }, resume: saved! });
    expect(other.values).toEqual(whole.values);
  });

  it("ends with what measure throws, the parameters as the last step left them", async () => {
    const values = await valuesByStep();
    const task = new Regression(graph);
    const measure = (step: number) => {
      if (step === 4) throw new RangeError("on purpose");
      return step;
    };
    await expect(fit(task, rows, { ...run, evaluate: { every: 2, measure } })).rejects.toThrow(RangeError);
    expect(task.values).toEqual(values[4]);
    await fit(task, rows, { steps: 1 }); // its parameters are free again
  });

  it.each<[string, object, string]>([
    ["a value that is none", { every: 1, measure: () => NaN }, "evaluate.measure gives a finite number, got NaN"],
    ["every", { every: 0, measure: () => 1 }, "evaluate.every is a whole number from 1"],
    ["no measure", { every: 1 }, "evaluate.measure is a function"],
    ["better", { every: 1, measure: () => 1, better: "less" }, 'evaluate.better is one of "lower", "higher"'],
    ["patience", { every: 1, measure: () => 1, patience: 0 }, "evaluate.patience is a whole number from 1"],
    ["minimumChange", { every: 1, measure: () => 1, minimumChange: -1 }, "evaluate.minimumChange is a number from 0"],
    ["another's name", { every: 1, measure: () => 1, minChange: 1 }, "there is no option"],
  ])("refuses %s", async (_, evaluate, message) => {
    const running = fit(new Regression(graph), rows, { steps: 2, evaluate: evaluate as never });
    await expect(running).rejects.toThrow(ConfigError);
    await expect(running).rejects.toThrow(message);
  });

  it("refuses checkpoints of runs that were watched otherwise", async () => {
    const checkpoints: Checkpoint[] = [];
    const checkpoint = { every: 4, save: (made: Checkpoint) => void checkpoints.push(made) };
    const evaluate = { every: 2, measure: (step: number) => step };
    const task = new Regression(graph);
    await fit(task, rows, { ...run, evaluate, checkpoint });
    const [watched] = checkpoints as [Checkpoint];
    const { evaluation, ...alone } = watched;
    const before = task.values;
    for (const [resume, given] of [
      [watched, undefined],
      [alone, evaluate],
      [watched, { ...evaluate, every: 3 }],
      [watched, { ...evaluate, better: "higher" as const }],
      [{ ...watched, evaluation: { ...evaluation!, measured: [{ step: 1, value: NaN }] } }, evaluate],
      [{ ...watched, evaluation: { ...evaluation!, best: { step: 0, parameters: [] } } }, evaluate],
    ] as const) {
      const options = { ...run, resume, ...(given && { evaluate: given }) };
      await expect(fit(task, rows, options)).rejects.toThrow(ConfigError);
      expect(task.values).toEqual(before);
    }
  });
});

describe("order", () => {
  it("says which examples a step takes", async () => {
    const [one, other] = [new Regression(graph), new Regression(graph)];
    const two = await fit(one, rows, { steps: 2, order: (step) => [step, 3, 3] });
    for (const [i, step] of two.steps.entries()) {
      const own = await fit(other, [rows[i]!, rows[3]!, rows[3]!], {
        steps: 1,
        batchSize: 3,
        schedule: () => step.learningRate,
        maxGradNorm: null,
        learningRate: 0,
      });
      if (i === 0) expect(own.steps[0]!.loss).toBeCloseTo(step.loss, 6);
    }
  });

  it.each([[[]], [[12]], [[-1]], [[0.5]], ["0"]])("refuses %o", async (places) => {
    const running = fit(new Regression(graph), rows, { steps: 2, order: () => places as number[] });
    await expect(running).rejects.toThrow(ConfigError);
  });
});
