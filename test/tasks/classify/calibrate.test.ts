import { afterEach, describe, expect, it } from "vitest";
import { ConfigError, FormatError, SentenceEncoder, TextClassifier } from "../../../ts/index.js";
import { type JobEvent, type JobSpec, memoryStore, type MemoryStore } from "../../../ts/jobs/index.js";
import { calibrate, unreachedText } from "../../../ts/tasks/classify/calibrate.js";
import { calibration } from "../../../ts/train/evaluators/calibration.js";
import { run, spec } from "../../jobs/tiny-job.js";
import { tinyEncoder } from "../../models/tiny-encoder.js";

/** Texts of two classes: the logit of the second, and the true class. */
const answered = (rows: readonly (readonly [logit: number, target: number])[]) => ({
  logits: rows.map(([logit]) => [0, logit]),
  targets: rows.map(([, target]) => target),
});

/** Mostly sure, and wrong once where it is. */
const validation = answered([[6, 1], [5, 1], [4, 0], [-3, 0], [2, 1], [-1, 1]]); // prettier-ignore
const measured = answered([[5, 1], [4, 0], [-2, 0], [1, 0]]); // prettier-ignore

describe("calibrate", () => {
  it("divides logits by the temperature of the validation, and measures it on the other texts", () => {
    const { kept, result } = calibrate(validation, measured, { temperature: true, precision: null });
    const { temperature } = calibration(validation.logits, validation.targets);
    expect(temperature).toBeGreaterThan(1);
    const { before, after } = calibration(measured.logits, measured.targets);
    const own = calibration(measured.logits.map((row) => row.map((x) => x / temperature)), measured.targets); // prettier-ignore
    expect(kept).toEqual({ temperature });
    expect(result).toMatchObject({ temperature, chosenOn: 6, abstain: null });
    expect(result.before.ece).toBeCloseTo(before.ece, 12);
    expect(result.after.ece).toBeCloseTo(own.before.ece, 12);
    expect(result.after.nll).toBeCloseTo(own.before.nll, 12);
    expect(after.nll).toBeLessThan(before.nll);
  });

  it("keeps logits as they are where every text of the validation is classified rightly: no temperature has the least loss", () => {
    const right = answered([[1, 1], [-2, 0]]); // prettier-ignore
    expect(calibrate(right, measured, { temperature: true, precision: null }).kept).toEqual({ temperature: 1 });
  });

  it("makes no probability surer by fewer than 100 texts, and does by more", () => {
    // Right more often than the small logits say, so that the least loss is at a temperature far below 1.
    const few = [[0.5, 1], [0.4, 1], [-0.5, 0], [-0.6, 0], [0.1, 0], [-0.4, 0], [0.7, 1], [0.6, 1], [-0.3, 0], [0.5, 1]] as const; // prettier-ignore
    const asked = { temperature: true, precision: null };
    const of = (times: number) => calibrate(answered(Array.from({ length: times }, () => few).flat()), measured, asked);
    const { temperature } = calibration(answered(few).logits, answered(few).targets);
    expect(temperature).toBeLessThan(0.5);
    expect(of(1).result).toMatchObject({ temperature: 1, chosenOn: 10 });
    expect(of(9).kept).toEqual({ temperature: 1 });
    expect(of(10).result.temperature).toBeCloseTo(temperature, 9);
  });

  it("finds the lowest probability from which on so large a share is right", () => {
    const of = (precision: number) =>
      calibrate(validation, measured, { temperature: false, precision }).result.abstain!;
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    // By falling probability: right, right, wrong, right, right, wrong.
    expect(of(1)).toMatchObject({
      validation: { sure: 2, count: 6, precision: 1 },
      measured: { sure: 1, precision: 1 },
    });
    expect(of(1).threshold).toBeCloseTo(sigmoid(5), 5);
    expect(of(0.8)).toMatchObject({ validation: { sure: 5, precision: 0.8 }, measured: { sure: 3, count: 4 } });
    expect(of(0.8).threshold).toBeCloseTo(sigmoid(2), 5);
    expect(of(0.1).validation.sure).toBe(6);
  });

  it("answers equally probable texts together, and says where a precision is not reached", () => {
    const tied = answered([[3, 1], [3, 0], [-1, 0]]); // prettier-ignore
    const { kept, result } = calibrate(tied, measured, { temperature: false, precision: 0.9 });
    expect(kept).toEqual({ abstain: { precision: 0.9, threshold: null } });
    expect(result.abstain).toMatchObject({ validation: { sure: 0, count: 3, precision: null }, measured: { sure: 0 } });
    expect(unreachedText(result)).toMatch(
      /^no threshold .* precision of 0\.9 on the 3 validation texts: .* every prediction/,
    );
  });
});

/** A run that chooses no step: what is measured is the validation. */
const given: JobSpec = { ...spec, steps: 12, calibrate: true, abstain: 0.5 };

const encoders: SentenceEncoder[] = [];
afterEach(() => encoders.splice(0).forEach((encoder) => encoder.dispose()));

async function loaded(store: MemoryStore, labels?: object) {
  const { "report.json": _, "loss.svg": __, ...files } = store.files();
  const changed = labels && { "labels.json": new TextEncoder().encode(JSON.stringify(labels)) };
  const encoder = await SentenceEncoder.load(await tinyEncoder());
  encoders.push(encoder);
  return TextClassifier.load(encoder, { ...files, ...changed });
}

const labelsOf = (store: MemoryStore) =>
  JSON.parse(new TextDecoder().decode(store.files()["labels.json"])) as Record<string, unknown>;

describe("a run that calibrates", () => {
  it("keeps temperature and threshold in labels.json, by which the loaded classifier predicts", async () => {
    const [store, plain] = [memoryStore(), memoryStore()];
    const { report, predictions } = await run(given, store);
    const { report: raw } = await run({ ...given, calibrate: false, abstain: null }, plain);
    expect(store.files()["head.safetensors"]).toEqual(plain.files()["head.safetensors"]);
    expect("calibration" in raw.result).toBe(false);
    expect(labelsOf(plain)).not.toHaveProperty("temperature");
    const { temperature, abstain } = report.result.calibration!;
    const { threshold } = abstain!;
    expect(threshold).toBeGreaterThan(0.5);
    expect(labelsOf(store)).toMatchObject({ temperature, abstain: { precision: 0.5, threshold } });

    const [classifier, former] = [await loaded(store), await loaded(plain)];
    const texts = predictions.map(({ text }) => text);
    const logits = await former.logits(texts);
    const targets = predictions.map(({ label }) => former.labels.indexOf(label));
    const found = calibration(logits.map((row) => Array.from(row)), targets); // prettier-ignore
    expect(found.before.accuracy).toBeLessThan(1);
    expect(temperature).toBeCloseTo(found.temperature, 9);
    expect(report.result.calibration!.before.ece).toBeCloseTo(found.before.ece, 9);
    expect(report.result.calibration!.after.ece).toBeCloseTo(found.after.ece, 9);
    const predicted = await classifier.predict(texts);
    predicted.forEach(({ probability, unsure, label }, i) => {
      expect(label).toBe(predictions[i]!.predicted);
      expect(probability).toBeCloseTo(predictions[i]!.probability, 5);
      const [a, b] = logits[i]!;
      expect(probability).toBeCloseTo(1 / (1 + Math.exp(-Math.abs(a! - b!) / temperature)), 5);
      expect(unsure).toBe(probability < threshold!);
    });
    expect(predicted.filter(({ unsure }) => !unsure)).toHaveLength(abstain!.validation.sure);
    for (const prediction of await former.predict(texts)) expect("unsure" in prediction).toBe(false);
    // Saved again, it predicts the same.
    const again = memoryStore({ ...classifier.save() });
    expect(labelsOf(again)["abstain"]).toEqual({ precision: 0.5, threshold });
    expect(await (await loaded(again)).predict(texts)).toEqual(predicted);
  });

  it("warns of a precision that is not reached, and refuses one without a validation", async () => {
    const events: JobEvent[] = [];
    const store = memoryStore();
    const wild = { ...given, learningRate: 1e-8, recipe: "peft", abstain: 1, calibrate: false, seed: 4 } as const;
    const { report } = await run(wild, store, { onProgress: (event) => events.push(event) });
    const { threshold, validation: held } = report.result.calibration!.abstain!;
    const warned = events.some(
      (event) => event.type === "warning" && /every prediction will be unsure/.test(event.message),
    );
    expect(warned).toBe(threshold === null);
    expect(held.sure === 0).toBe(threshold === null);
    const alone = { ...given, test: "others.csv", testSplit: null, allow: ["test-in-training"] } as const;
    await expect(run(alone, memoryStore())).rejects.toThrow(/^abstain 0\.5 needs a validation/);
    await expect(run(alone, memoryStore())).rejects.toThrow(ConfigError);
  });

  it("hands both to the final fit, which goes on to the same bytes", async () => {
    const store = memoryStore();
    await run({ ...given, finalFit: true }, store);
    const plain = memoryStore();
    await run(given, plain);
    expect(labelsOf(store)).toEqual(labelsOf(plain));
    expect(store.files()["head.safetensors"]).not.toEqual(plain.files()["head.safetensors"]);
  });

  it("is refused by what reads labels.json where temperature or threshold make no sense", async () => {
    const store = memoryStore();
    await run(given, store);
    const labels = labelsOf(store);
    for (const [name, value] of [
      ["temperature", 0],
      ["temperature", "2"],
      ["temperature", -1],
      ["abstain", 0.5],
      ["abstain", { precision: 0.5 }],
      ["abstain", { precision: "high", threshold: 0.5 }],
    ] as const)
      await expect(loaded(store, { ...labels, [name]: value })).rejects.toThrow(FormatError);
    const { temperature: _, abstain: __, ...old } = labels;
    expect((await (await loaded(store, old)).predict(["fine"]))[0]).not.toHaveProperty("unsure");
  });
});
