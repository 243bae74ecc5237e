import { describe, expect, it } from "vitest";
import { AbortError, FormatError } from "../../ts/index.js";
import { type JobEvent, type JobSpec, memoryStore } from "../../ts/jobs/index.js";
import { runFolds } from "../../ts/jobs/index.js";
import { readSafetensors } from "../../ts/io/safetensors/index.js";
import { jobSeconds } from "../../ts/training/estimate/job-estimate.js";
import { finalPlan } from "../../ts/training/prepare.js";
import { FINAL_FIT_ROWS } from "../../ts/training/spec/run-settings.js";
import { classifierPlan } from "../../ts/tasks/classify/settings.js";
import { afterStep, results, run, runUntil, sources, spec } from "../jobs/tiny-job.js";

/** A test file apart; a fifth of the forty rows chooses the step. */
const watched: JobSpec = {
  ...spec,
  test: "others.csv",
  testSplit: null,
  allow: ["test-in-training"],
  evaluateEvery: 10,
  validationSplit: 0.2,
  recipe: "peft",
  steps: 40,
  learningRate: 3e-3,
  finalFit: true,
};

const finalStep = (step: number) => (event: JobEvent) =>
  event.type === "progress" && event.phase === "final-fit" && event.done === step;

const bytesOf = (store: { files(): Readonly<Record<string, Uint8Array>> }) => {
  const { "adapter_model.safetensors": adapter, "head.safetensors": head } = store.files();
  return { adapter, head };
};

describe("a final fit", () => {
  it("trains the saved classifier on all rows, to the bits of a run on them up to that step; the figures are of the first fit", async () => {
    const events: JobEvent[] = [];
    const store = memoryStore();
    // Measured before the first step and after the last one, which is kept.
    const given = { ...watched, evaluateEvery: 40 };
    const { report, predictions } = await run(given, store, { onProgress: (event) => events.push(event) });
    const plain = memoryStore();
    const { report: first, predictions: told } = await run({ ...given, finalFit: false }, plain);
    expect([report.result, report.evaluation, report.metrics, predictions]).toEqual([
      first.result,
      first.evaluation,
      first.metrics,
      told,
    ]);
    expect(bytesOf(store)).not.toEqual(bytesOf(plain));
    const best = report.evaluation!.best.step;
    const steps = Math.round((best * 40) / 32);
    expect(report.finalFit).toMatchObject({ examples: 40, steps });
    expect("finalFit" in first).toBe(false);
    // A run that holds nothing out, of as many steps.
    const whole = memoryStore();
    const alone: JobSpec = { ...watched, evaluateEvery: null, validationSplit: null, steps: 50, finalFit: true };
    expect(best).toBe(40);
    const { report: all } = await run(alone, whole);
    expect(all.data.train.examples).toBe(40);
    expect("finalFit" in all).toBe(false);
    expect(bytesOf(whole)).toEqual(bytesOf(store));
    const { accuracy, macroF1, loss } = all.result.after;
    expect(report.finalFit!.metrics).toEqual({ accuracy, macroF1, loss });
    const ready = events.find((event) => event.type === "ready");
    expect(ready).toMatchObject({ job: { steps: 40, finalFit: { examples: 40, steps: 50 } } });
    const phases = events.flatMap((event) => (event.type === "progress" ? [event.phase] : []));
    expect([...new Set(phases)]).toEqual(["tokenize", "encode-validation", "train", "validate", "final-fit"]);
    const done = events.flatMap((event) =>
      event.type === "progress" && event.phase === "final-fit" ? [event.done] : [],
    );
    expect(done).toEqual(Array.from({ length: steps + 1 }, (_, i) => i));
    expect(Object.keys(store.files()).sort()).toEqual(Object.keys(plain.files()).sort());
  });

  it("ends at the kept step of the same schedule, and goes on to the same bytes wherever it was interrupted", async () => {
    const whole = memoryStore();
    const { report } = await run(watched, whole);
    expect(report.evaluation!.best.step).toBe(20);
    expect(report.finalFit!.steps).toBe(25);
    // A run on all rows that stopped after so many of its fifty steps.
    const half = memoryStore();
    const alone: JobSpec = { ...watched, evaluateEvery: null, validationSplit: null, steps: 50 };
    await runUntil(alone, half, afterStep(25));
    const kept = readSafetensors(half.files()["checkpoint.safetensors"]!, "checkpoint");
    const reached = kept.names.filter((name) => name.startsWith("parameter.")).map((name) => kept.tensor(name).data);
    const saved = ["adapter_model.safetensors", "head.safetensors"].flatMap((name) => {
      const file = readSafetensors(whole.files()[name]!, name);
      return file.names.map((own) => file.tensor(own).data);
    });
    // A checkpoint's matrices may be transposed.
    const numbers = (of: readonly ArrayLike<number>[]) => of.map((one) => Array.from(one).sort().join()).sort();
    expect(numbers(saved).join() === numbers(reached).join()).toBe(true);

    const store = memoryStore();
    for (const step of [0, 7, 25]) {
      const { error, after } = await runUntil(watched, store, finalStep(step));
      expect(error).toBeInstanceOf(AbortError);
      if (step === 7) expect(after).toEqual([{ type: "checkpoint", step: 7, final: true }]);
      expect(Object.keys(store.files())).toContain("checkpoint.safetensors");
    }
    const events: JobEvent[] = [];
    await run(watched, store, { onProgress: (event) => events.push(event) });
    expect(results(store.files())).toEqual(results(whole.files()));
    expect(events.filter(finalStep(1))).toEqual([]);
  });

  it("begins anew beside a checkpoint of another run, and refuses a damaged one", async () => {
    const other = memoryStore();
    await runUntil({ ...watched, seed: 3 }, other, finalStep(7));
    const store = memoryStore();
    await runUntil(watched, store, finalStep(0));
    const names = ["final.safetensors", "final.history.jsonl"];
    const strange = Object.fromEntries(names.map((name) => [name, other.files()[name]!]));
    const mixed = memoryStore({ ...store.files(), ...strange });
    await run(watched, mixed);
    const whole = memoryStore();
    await run(watched, whole);
    expect(results(mixed.files())).toEqual(results(whole.files()));

    const damaged = memoryStore({ ...store.files(), "final.safetensors": new Uint8Array(9) });
    const before = damaged.files();
    await expect(run(watched, damaged)).rejects.toThrow(FormatError);
    expect(damaged.files()).toEqual(before);
  });

  it.each([
    ["few-shot", { recipe: "few-shot", epochs: 3, steps: null, patience: null, evaluateEvery: null, testSplit: 0 }],
    ["head alone", { headOnly: true, evaluateEvery: null, patience: null, testSplit: 0 }],
  ] as const)("of %s: all rows too, and on to the same bytes", async (_, more) => {
    const given = { ...spec, ...more, validationSplit: 0.2, baseline: true, finalFit: true } as JobSpec;
    const whole = memoryStore();
    const { report } = await run(given, whole);
    expect(report.finalFit).toMatchObject({ examples: 40, metrics: null });
    const plain = memoryStore();
    const { report: first } = await run({ ...given, finalFit: false }, plain);
    expect(report.result).toEqual(first.result);
    expect(bytesOf(plain).head).not.toEqual(bytesOf(whole).head);
    const store = memoryStore();
    const { error } = await runUntil(given, store, (event) => event.type === "progress" && event.phase === "final-fit");
    expect(error).toBeInstanceOf(AbortError);
    await run(given, store);
    expect(results(store.files())).toEqual(results(whole.files()));
  });

  it("keeps no step where the first fit kept none: the head that training starts from is fitted to all rows", async () => {
    const store = memoryStore();
    const { report } = await run({ ...watched, recipe: "default", learningRate: 0.01 }, store);
    expect(report.evaluation!.best.step).toBe(0);
    expect(report.finalFit).toMatchObject({ examples: 40, steps: 0 });
    expect(report.training.diverged).toBe(false);
  });

  it("is made only where the validation was split from the data, and in no fold", async () => {
    const named: JobSpec = { ...watched, validation: "others.csv", validationSplit: null, steps: 2, evaluateEvery: 1 };
    expect("finalFit" in (await run(named, memoryStore())).report).toBe(false);
    const { test: _, testSplit: __, ...own } = watched;
    const events: JobEvent[] = [];
    const onProgress = (event: JobEvent) => void events.push(event);
    await runFolds({ ...own, steps: 2, evaluateEvery: 1 }, 2, memoryStore(), { sources, onProgress });
    expect(events.filter(finalStep(0))).toEqual([]);
    expect(events.find(({ type }) => type === "ready")).not.toHaveProperty("job.finalFit");
  });

  it("is made by default with at most a thousand rows, and with more where the settings ask for it", () => {
    const plan = (rows: number, finalFit: boolean | null) => {
      const example = { ids: [1], line: 2 };
      const [few, held] = [Math.round(0.8 * rows), rows - Math.round(0.8 * rows)].map((count) =>
        Array.from({ length: count }, () => example),
      );
      const data = { train: { examples: few }, validation: { examples: held, split: true } };
      const settings = { finalFit, warmup: null, steps: null, epochs: null, batchSize: 16 };
      const given = [settings, data, { finalFit: {} }, { train: few }, held, 400, classifierPlan] as unknown;
      return finalPlan(...(given as Parameters<typeof finalPlan>)) !== null;
    };
    expect(FINAL_FIT_ROWS).toBe(1000);
    expect([40, 1000, 1001, 4000].map((rows) => plan(rows, null))).toEqual([true, true, false, false]);
    expect([40, 4000].map((rows) => plan(rows, true))).toEqual([true, true]);
    expect([40, 4000].map((rows) => plan(rows, false))).toEqual([false, false]);
  });

  it("is part of the estimate", () => {
    const job = { steps: 10, evaluateEvery: null, done: null, stepTokens: [100], tokens: { validation: 0, baseline: 0, finish: 10 } }; // prettier-ignore
    const speed = { trained: 1, measured: 0.5 };
    expect(jobSeconds(job, speed)).toEqual({ baseline: 0, training: 1000, validation: 0, test: 5, total: 1005 });
    const final = { steps: 12, tokens: 8 };
    expect(jobSeconds({ ...job, final }, speed)).toMatchObject({ finalFit: 1204, total: 2209 });
  });
});
