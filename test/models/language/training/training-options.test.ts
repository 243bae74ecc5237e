import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AbortError, CausalLanguageModel, type Checkpoint, ConfigError, engineInfo } from "../../../../ts/index.js";
import { type AdapterStep, stepOfAdapter } from "../../../../ts/models/adapter-step.js";
import { settingsOf } from "../../../../ts/models/language/training/language-training.js";
import { takeLanguageExamples } from "../../../../ts/models/language/training/training-examples.js";
import { decoderFiles, decoderGolden } from "../golden-decoder.js";

let model: CausalLanguageModel;
let adapted: AdapterStep;
let pairs: { prompt: string; completion: string }[];
beforeAll(async () => {
  model = await CausalLanguageModel.load(await decoderFiles("llama"));
  model.addAdapter("sized", { rank: 2, targetModules: "all-linear" });
  adapted = stepOfAdapter(model.model, model.adapter("sized").config);
  model.removeAdapter("sized");
  pairs = (await decoderGolden("llama")).batch.map(({ prompt, completion }) => ({ prompt, completion }));
});
afterAll(() => model?.dispose());

const steady = { steps: 3, batchSize: 4, learningRate: 1e-2, schedule: () => 1e-2, order: () => [0, 1, 2, 3] };

const PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

/** Trains a new adapter, always the same one. */
async function trained(options: object, lora: object = {}) {
  const other = await CausalLanguageModel.load(await decoderFiles("llama"), { seed: 5 });
  other.addAdapter("own", { rank: 2, targetModules: "all-linear", ...lora });
  try {
    const before = other.saveAdapter("own");
    const report = await other.fit(pairs, { ...steady, ...options });
    return { before, report, losses: report.steps.map(({ loss }) => loss), saved: other.saveAdapter("own") };
  } finally {
    other.dispose();
  }
}

describe("evaluate", () => {
  it("gives the loss that training begins with, batch by batch", async () => {
    const { losses } = await trained({ steps: 1 });
    const { loss, perplexity, targets, tokens } = await model.evaluate(pairs);
    expect(Math.abs(loss - losses[0]!)).toBeLessThan(1e-5);
    expect(Math.abs(perplexity / Math.exp(loss) - 1)).toBeLessThan(1e-12);
    const examples = takeLanguageExamples("fit", model, pairs);
    expect(targets).toBe(examples.reduce((sum, one) => sum + one.targets.length, 0));
    expect(tokens).toBe(examples.reduce((sum, one) => sum + one.ids.length, 0));
    // Neighbours change no bit.
    const alone = await Promise.all(pairs.map((pair) => model.evaluate([pair])));
    const sum = alone.reduce((total, each) => total + each.loss * each.targets, 0);
    expect(Math.abs(sum / targets - loss)).toBeLessThan(1e-12);
  });

  it("is cancelled, and refuses nothing to measure", async () => {
    await expect(model.evaluate(pairs, { signal: AbortSignal.abort() })).rejects.toThrow(AbortError);
    await expect(model.evaluate([])).rejects.toThrow(/expected examples, got an empty list/);
  });
});

describe("fit", () => {
  it("weighs micro-batches by their targets", async () => {
    const [whole, parts] = [await trained({}), await trained({ accumulate: 3 })];
    parts.losses.forEach((loss, i) => expect(Math.abs(loss - whole.losses[i]!)).toBeLessThan(1e-5));
  });

  it("trains the last layers alone, as an adapter of these layers is trained, in less memory", async () => {
    const some = await trained({ layers: 1 });
    const { layers } = model.model.config;
    const only = await trained({}, { targetModules: PROJECTIONS, layersToTransform: [layers - 1] });
    // The same update; A is drawn in another order.
    expect(some.losses[0]).toBe(only.losses[0]);
    expect(some.losses[2]).toBeLessThan(some.losses[0]!);
    const { model: decoder } = model;
    const step = { tokens: 100, adapted };
    expect(decoder.stepMemory({ ...step, frozenLayers: layers - 1 })).toBeLessThan(decoder.stepMemory(step));
  });

  it("leaves what is below them as it was", async () => {
    using other = await CausalLanguageModel.load(await decoderFiles("llama"));
    other.addAdapter("own", { rank: 2, targetModules: "all-linear", initLoraWeights: "gaussian" });
    const values = () => [...other.adapter("own").layers].map(([path, { loraA }]) => [path, other.graph.value(loraA).data.join()] as const); // prettier-ignore
    const before = new Map(values());
    await other.fit(pairs, { ...steady, layers: 1 });
    const changed = values().filter(([path, value]) => before.get(path) !== value);
    const last = `layers.${other.model.config.layers - 1}.`;
    expect(changed.length).toBe(values().filter(([path]) => path.includes(last)).length);
    expect(changed.every(([path]) => path.includes(last))).toBe(true);
    other.addAdapter("lower", { rank: 1, targetModules: ["q_proj"], layersToTransform: [0] });
    await expect(other.fit(pairs, { ...steady, layers: 1, adapter: "lower" })).rejects.toThrow(
      /none of the last 1 layers/,
    );
    await expect(other.fit(pairs, { ...steady, layers: 9 })).rejects.toThrow(ConfigError);
  });

  it("lets B learn faster", async () => {
    const small = { steps: 2, schedule: () => 1e-4, learningRate: 1e-4 };
    const [plain, plus] = [await trained(small), await trained({ ...small, loraPlusRatio: 16 })];
    expect(plus.losses[0]).toBe(plain.losses[0]);
    // Of A nothing changes in the first step, where B is 0.
    expect((plus.losses[0]! - plus.losses[1]!) / (plain.losses[0]! - plain.losses[1]!)).toBeGreaterThan(12);
  });

  it("keeps what measured best on examples held out, and stops early", async () => {
    const validation = [{ prompt: "so", completion: " far away" }];
    const { report } = await trained({
      steps: 40,
      learningRate: 0.1,
      schedule: () => 0.1,
      validation,
      evaluate: { every: 2, patience: 2 },
    });
    const { measured, best, stoppedEarly } = report.evaluation!;
    const { perplexity } = await model.evaluate(validation);
    expect(measured[0]).toEqual({ step: 0, value: perplexity });
    expect(best.value).toBe(Math.min(...measured.map(({ value }) => value)));
    expect(stoppedEarly).toBe(true);
    const tenth = await trained({ steps: 20, validation });
    expect(tenth.report.evaluation!.measured.map(({ step }) => step)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
  });

  it("refuses two measures, and nothing to measure", async () => {
    const validation = pairs;
    await expect(trained({ validation, evaluate: { measure: () => 1 } })).rejects.toThrow(/leave one of them out/);
    await expect(trained({ validation: [] })).rejects.toThrow(/expected examples, got an empty list/);
    await expect(trained({ validation: [{ text: 3 }] })).rejects.toThrow(/validation: example 0: text is a text/);
  });

  it("goes on from a checkpoint to the same bits", async () => {
    const options = {
      steps: 6,
      batchSize: 2,
      learningRate: 1e-2,
      accumulate: 2,
      loraPlusRatio: 4,
      order: undefined,
      schedule: undefined,
      validation: pairs.slice(0, 2),
      evaluate: { every: 2 },
    };
    const lora = { dropout: 0.2 };
    const whole = await trained(options, lora);
    const kept: Checkpoint[] = [];
    const save = (checkpoint: Checkpoint) => void kept.push(structuredClone(checkpoint));
    const controller = new AbortController();
    const onProgress = ({ step }: { step: number }) => void (step === 2 && controller.abort());
    const broken = trained(
      { ...options, checkpoint: { every: 100, save }, signal: controller.signal, onProgress },
      lora,
    );
    await expect(broken).rejects.toThrow(AbortError);
    expect(kept.length).toBe(1);
    const rest = await trained({ ...options, resume: kept[0] }, lora);
    expect(rest.losses).toEqual(whole.losses);
    expect(rest.saved).toEqual(whole.saved);
    expect(rest.report.evaluation).toEqual(whole.report.evaluation);
  });

  it("computes layers again where memory is short", async () => {
    const [plain, again] = [await trained({ checkpointing: false }), await trained({ checkpointing: true })];
    expect(again.saved).toEqual(plain.saved);
    const sizes = [10, 30, 20];
    const needed = model.model.stepMemory({ tokens: 50, adapted });
    const chosen = (left: number, options = {}) => {
      const memory = { ...engineInfo().memory, used: 1000, maximum: 1000 + left };
      const graph = { engine: { info: { ...engineInfo(), memory } } } as unknown as typeof model.graph;
      return settingsOf({ graph, model: model.model }, options, { batchSize: 4, accumulate: 2 }, sizes, adapted)
        .checkpointing;
    };
    expect(chosen(needed * 1.34)).toBe(false);
    expect(chosen(needed * 1.3)).toBe(true);
    expect(chosen(needed * 1.3, { checkpointing: false })).toBe(false);
    expect(chosen(needed * 1.3, { layers: 1 })).toBe(false);
  });
});
