import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { initialized } from "../../../ts/engine/engine.js";
import { AbortError, CausalLanguageModel, ConfigError } from "../../../ts/index.js";
import { modelSource } from "../../../ts/io/model-locator.js";
import {
  type JobEvent,
  memoryStore,
  type MemoryStore,
  type PreferenceReport,
  runFolds,
  runStatus,
  unfinishedSpec,
} from "../../../ts/jobs/index.js";
import { schemaProblems } from "../../jobs/report-schema.js";
import { results } from "../../jobs/tiny-job.js";
import { afterStep } from "../language/tiny-language-job.js";
import { pairs, run, sources, spec } from "./tiny-preferences.js";

const used = () => engine.info.memory.used;
let engine: Awaited<ReturnType<typeof initialized>>;
let before = 0;
let whole: MemoryStore;
let report: PreferenceReport;
const events: JobEvent[] = [];
beforeAll(async () => {
  engine = await initialized({});
  before = used();
  whole = memoryStore();
  ({ report } = await run(spec, whole, { onProgress: (event) => events.push(event) }));
});
afterEach(() => expect(used()).toBe(before));

/** The model of a run, with its adapter as "trained". */
async function trained(store: MemoryStore) {
  const model = await CausalLanguageModel.load(
    await modelSource(await sources.findModel("tiny", { onDownload() {} })),
    {},
  );
  const files = store.files();
  model.loadAdapter("trained", {
    "adapter_config.json": files["adapter_config.json"]!,
    "adapter_model.safetensors": files["adapter_model.safetensors"]!,
  });
  /** Log probability of an answer with the adapter, or without, and its number of tokens. */
  const logp = async (prompt: string, completion: string, adapter: string | null) => {
    const { loss, targets } = await model.evaluate([{ prompt, completion }], { adapter });
    return { sum: -loss * targets, mean: -loss };
  };
  return { model, logp };
}

describe("a run on preferences", () => {
  it("prefers what was chosen, keeps the best step, and leaves an adapter with these rewards", async () => {
    expect(Object.keys(whole.files()).sort()).toEqual([
      "adapter_config.json",
      "adapter_model.safetensors",
      "loss.svg",
      "report.json",
    ]);
    expect(schemaProblems(whole.files())).toEqual([]);
    const { metrics, result, evaluation, data, task } = report;
    const base = result!.yardsticks.reference;
    expect(task).toBe("preferences");
    expect([data.train.examples, data.validation.examples]).toEqual([32, 8]);
    expect(evaluation!.measured.map(({ step }) => step)).toEqual([0, 10, 20, 30]);
    // The base has no rewards: it is even, and its loss is that of guessing.
    expect(evaluation!.measured[0]!.value).toBe(0.5);
    expect(base).toMatchObject({ rewardAccuracy: 0.5, margin: 0 });
    expect(base.loss).toBeCloseTo(Math.LN2, 6);
    expect(result!.step).toBe(evaluation!.best.step);
    expect(metrics["rewardAccuracy"]!.value).toBe(evaluation!.best.value);
    expect(metrics["rewardAccuracy"]!.value).toBeGreaterThan(0.9);
    expect(metrics["margin"]!.value).toBeGreaterThan(0.1);
    expect(metrics["loss"]!.value).toBeLessThan(base.loss);
    // Of all forty, by the model that is loaded again: the eight that were held out are among them.
    const { model, logp } = await trained(whole);
    const margins: number[] = [];
    for (const { prompt, chosen, rejected } of pairs) {
      const answers = [chosen, rejected].map(async (answer) => {
        const [own, reference] = [await logp(prompt, answer, "trained"), await logp(prompt, answer, null)];
        return 0.1 * (own.sum - reference.sum);
      });
      margins.push((await answers[0]!) - (await answers[1]!));
    }
    expect(margins.filter((margin) => margin > 0).length).toBeGreaterThan(36);
    model.dispose();
  });

  it("measures rewards, and how probable answers are, as the model does by itself", async () => {
    for (const loss of ["dpo", "simpo", "kto"] as const) {
      const store = memoryStore();
      // All are measured: the training's own file is the validation.
      const given = { ...spec, loss, steps: 4, validation: "pairs.jsonl", validationSplit: null };
      const { report: own } = await run(given, store);
      expect(schemaProblems(store.files())).toEqual([]);
      const { model, logp } = await trained(store);
      const [of, byBase]: { sum: number; mean: number }[][][] = [[], []];
      for (const { prompt, chosen, rejected } of pairs)
        for (const [list, adapter] of [
          [of!, "trained"],
          [byBase!, null],
        ] as const)
          list.push([await logp(prompt, chosen, adapter), await logp(prompt, rejected, adapter)]);
      model.dispose();
      const beta = loss === "simpo" ? 2 : 0.1;
      const reward = (i: number, k: number) =>
        beta * (loss === "simpo" ? of![i]![k]!.mean : of![i]![k]!.sum - byBase![i]![k]!.sum);
      const mean = (value: (i: number) => number) => pairs.reduce((sum, _, i) => sum + value(i), 0) / pairs.length;
      expect(own.metrics["margin"]!.value).toBeCloseTo(
        mean((i) => reward(i, 0) - reward(i, 1)),
        3,
      );
      const likelier = (list: typeof of, i: number) => {
        const [a, b] = list![i]!.map(({ sum, mean: each }) => (loss === "dpo" ? sum : each));
        return a! > b! ? 1 : 0;
      };
      if (loss === "kto") {
        const above = (list: typeof of) => mean((i) => mean((k) => (list![i]![0]!.mean > list![k]![1]!.mean ? 1 : 0)));
        expect(own.metrics["accuracy"]!.value).toBeCloseTo(above(of), 6);
        expect(own.result!.yardsticks.reference.accuracy).toBeCloseTo(above(byBase), 6);
        expect(own.data.train.examples).toBe(80);
        continue;
      }
      expect(own.metrics["rewardAccuracy"]!.value).toBeCloseTo(
        mean((i) => (reward(i, 0) > reward(i, 1) ? 1 : 0)),
        6,
      );
      expect(own.metrics["accuracy"]!.value).toBeCloseTo(
        mean((i) => likelier(of, i)),
        6,
      );
      expect(own.result!.yardsticks.reference.accuracy).toBeCloseTo(
        mean((i) => likelier(byBase, i)),
        6,
      );
    }
  });

  it("tells what it will do, and how far it is", () => {
    const job = events.flatMap((event) => (event.type === "ready" ? [event.job] : []))[0]!;
    expect(job).toMatchObject({
      task: "preferences",
      steps: 30,
      evaluateEvery: 10,
      resumedAfter: null,
      parameters: { head: 0 },
      data: { train: { examples: 32 }, validation: { examples: 8, split: true } },
    });
    const phases = events.flatMap((event) => (event.type === "progress" ? [event.phase] : []));
    expect([...new Set(phases)]).toEqual(["tokenize", "encode-validation", "train", "validate"]);
    const measured = events.flatMap((event) => (event.type === "evaluation" ? [event.metrics] : []));
    expect(measured).toHaveLength(4);
    for (const metrics of measured)
      expect(Object.keys(metrics)).toEqual(["rewardAccuracy", "margin", "accuracy", "loss"]);
    expect(new TextDecoder().decode(whole.files()["loss.svg"])).toMatch(/tiny with LoRA: reward accuracy \d/);
  });

  it.each(["turns.jsonl", "bare.jsonl", "lists.jsonl"])("reads %s as the same conversations", async (data) => {
    const given = { ...spec, steps: 2, evaluateEvery: 1 };
    const [store, other] = [memoryStore(), memoryStore()];
    await run({ ...given, data: "turns.jsonl" }, store);
    await run({ ...given, data }, other);
    const adapter = ({ files }: MemoryStore) => files()["adapter_model.safetensors"];
    expect(adapter(other)).toEqual(adapter(store));
  });

  it("reads tables, with other names of columns, and labels", async () => {
    const given = { ...spec, steps: 2, evaluateEvery: 1 };
    const fields = { prompt: "question", chosen: "good", rejected: "bad" };
    const [store, other] = [memoryStore(), memoryStore()];
    await run(given, store);
    await run({ ...given, data: "pairs.csv", fields }, other);
    const adapter = ({ files }: MemoryStore) => files()["adapter_model.safetensors"];
    expect(adapter(other)).toEqual(adapter(store));
    const [paired, labelled] = [memoryStore(), memoryStore()];
    await run({ ...given, loss: "kto" }, paired);
    await run({ ...given, loss: "kto", data: "labelled.csv" }, labelled);
    expect(adapter(labelled)).toEqual(adapter(paired));
  });

  it("measures nothing where nothing is held out, and keeps the last step", async () => {
    const { report: own } = await run({ ...spec, steps: 3, validationSplit: 0, evaluateEvery: null }, memoryStore());
    expect(own).toMatchObject({ result: null, metrics: {}, evaluation: null, data: { train: { examples: 40 } } });
  });

  it("says that no step was better", async () => {
    const warnings: string[] = [];
    const onProgress = (event: JobEvent) => void (event.type === "warning" && warnings.push(event.message));
    const idle = { ...spec, learningRate: 1e-12, patience: 2, evaluateEvery: 5, dropout: 0, maxTokens: 200 };
    const { report: own } = await run({ ...idle, loss: "simpo" }, memoryStore(), { onProgress });
    expect(own.evaluation).toMatchObject({ stoppedEarly: true, best: { step: 0 } });
    expect(warnings).toEqual([expect.stringMatching(/no step was better .* try another learningRate/)]);
  });
});

describe("a run that is interrupted", () => {
  it.each(["dpo", "kto", "orpo"] as const)("goes on to the same bits with %s", async (loss) => {
    const given = { ...spec, loss };
    let complete = whole;
    if (loss !== "dpo") {
      complete = memoryStore();
      await run(given, complete);
    }
    const stopped = memoryStore();
    const abort = new AbortController();
    let killed = memoryStore();
    const onProgress = (event: JobEvent) => {
      // What a process that is killed here leaves behind.
      if (afterStep(27)(event)) killed = memoryStore(stopped.files());
      if (afterStep(28)(event)) abort.abort();
    };
    const aborted = run(loss === "dpo" ? spec : given, stopped, { signal: abort.signal, onProgress });
    await expect(aborted).rejects.toBeInstanceOf(AbortError);
    expect(await runStatus(stopped)).toMatchObject({ status: "interrupted", step: 28, steps: 30 });
    for (const [store, step] of [
      [stopped, 28],
      [killed, 25],
    ] as const) {
      const own: JobEvent[] = [];
      await run((await unfinishedSpec(store)) as typeof spec, store, { onProgress: (event) => own.push(event) });
      expect(own.flatMap((event) => (event.type === "ready" ? [event.job.resumedAfter] : []))).toEqual([step]);
      expect(results(store.files())).toEqual(results(complete.files()));
    }
  });
});

it("is tested on each fold", async () => {
  const given = { ...spec, steps: 4, evaluateEvery: 2, validationSplit: null };
  const folds = await runFolds(given, 3, memoryStore(), { sources });
  expect(folds.folds).toHaveLength(3);
  expect(Object.keys(folds.metrics)).toEqual(["rewardAccuracy", "margin", "accuracy", "loss"]);
});

describe("preferences that cannot be trained on", () => {
  it.each<[string, object, RegExp]>([
    ["equal.jsonl", {}, /^equal\.jsonl, line 4: chosen and rejected are equal, so nothing is preferred/],
    ["half.jsonl", {}, /^half\.jsonl, line 2: prompt and rejected are two texts, or two lists of messages/],
    ["labels.jsonl", { loss: "kto" }, /^labels\.jsonl, line 1: label is true or false, got "good"/],
    [
      "labelled.csv",
      {},
      /^labelled\.csv has no column "chosen": .*expected are the columns prompt and chosen and rejected.*for the loss "kto"/,
    ],
    ["one.jsonl", {}, /line 1: it is \{ prompt, chosen, rejected \}; .* is for the loss "kto"/],
    ["one.jsonl", { loss: "kto" }, /one\.jsonl: the loss "kto" .* expected at least two answers, got one/],
    ["chat.jsonl", {}, /line 1: chosen and rejected are two texts, or two lists of messages/],
    ["pairs.jsonl", { fields: { answer: "x" } }, /fields of preferences are prompt, chosen, .*got "answer"/],
    ["pairs.jsonl", { simpoGamma: 1 }, /simpoGamma has no effect with the loss "dpo"/],
    ["pairs.jsonl", { loss: "ppo" }, /spec\.loss is one of "dpo", "ipo", "orpo", "simpo", "kto", got "ppo"/],
    ["pairs.jsonl", { beta: 0 }, /spec\.beta is a number above 0/],
    ["pairs.jsonl", { maxTokens: 2 }, /line \d+: its two answers have the same tokens within maxTokens 2/],
  ])("%s %j", async (data, more, message) => {
    const store = memoryStore();
    const refused = run({ ...spec, data, ...more }, store);
    await expect(refused).rejects.toBeInstanceOf(ConfigError);
    await expect(refused).rejects.toThrow(message);
  });

  it("conversations of a model without a template are refused", async () => {
    const refused = run({ ...spec, model: "bare", data: "turns.jsonl" }, memoryStore());
    await expect(refused).rejects.toThrow(/turns\.jsonl, line 1: this model has no chat template/);
  });
});
