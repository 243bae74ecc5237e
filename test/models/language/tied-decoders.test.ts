import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { CausalLanguageModel, engineInfo, type Tensor } from "../../../ts/index.js";
import type { ModelAdapter } from "../../../ts/adapters/model-adapter.js";
import { transpose } from "../../../ts/io/peft/conv1d.js";
import { lossOf } from "../../../ts/models/language/training/language-training.js";
import { takeLanguageExamples } from "../../../ts/models/language/training/training-examples.js";
import { decoderFiles, type DecoderGolden, decoderGolden } from "./golden-decoder.js";
import { type TiedCase, tiedCases, tiedNames } from "./golden-tied.js";

/** The largest difference, where it is 1e-5 or more of the largest value. */
function far(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  const most = (values: number[]) => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const gap = most(Array.from(found, (x, i) => x - expected[i]!));
  return gap < 1e-5 * Math.max(1, most(Array.from(expected))) ? 0 : gap;
}

/** What an adapter trains, by the key that PEFT's file has for it, as it lies there. */
function gradientsOf(model: CausalLanguageModel, adapter: ModelAdapter): Map<string, Tensor> {
  const found = new Map<string, Tensor>();
  const add = (name: string, id: Parameters<typeof model.graph.grad>[0] | null, turned = false) => {
    const gradient = id === null ? null : model.graph.grad(id);
    if (gradient !== null) found.set(`base_model.model.${name}`, turned ? transpose(gradient) : gradient);
  };
  for (const [path, { kind, loraA, loraB, magnitude }] of adapter.layers) {
    const [a, b] = kind === "linear" ? ["lora_A.weight", "lora_B.weight"] : ["lora_embedding_A", "lora_embedding_B"];
    add(`${path}.${a}`, loraA, true);
    add(`${path}.${b}`, loraB, true);
    add(`${path}.lora_magnitude_vector.weight`, magnitude);
  }
  for (const { node, name, transposed } of adapter.whole.values()) add(name, node, transposed);
  for (const { rows, name } of adapter.tokens.values()) add(name, rows);
  return found;
}

describe.each(tiedNames)("%s", (name) => {
  let model: CausalLanguageModel;
  let golden: DecoderGolden;
  let cases: Map<string, TiedCase>;

  beforeAll(async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    model = await CausalLanguageModel.load(await decoderFiles(name));
    golden = await decoderGolden(name);
    cases = new Map((await tiedCases(name)).map((one) => [one.name, one]));
  });
  afterAll(() => {
    model?.dispose();
    vi.restoreAllMocks();
  });

  const logits = async (adapter: string | null) =>
    (await model.logits(golden.prompts[0]!.ids, { adapter })).data.slice(-4 * 320);
  const examples = () => golden.batch.map(({ ids, first }) => ({ ids, mask: ids.map((_, i) => i >= first) }));
  const each = async (check: (one: TiedCase) => Promise<void>) => {
    for (const one of cases.values()) {
      model.loadAdapter(one.name, one.files);
      try {
        await check(one);
      } finally {
        model.removeAdapter(one.name);
      }
    }
  };

  it("gives PEFT's logits, and again of what is saved", () =>
    each(async ({ name, before }) => {
      const found = await logits(name);
      expect([name, far(found, before.data)]).toEqual([name, 0]);
      model.loadAdapter("again", model.saveAdapter(name));
      expect(await logits("again")).toEqual(found);
      model.removeAdapter("again");
    }));

  it("gives PEFT's gradients", () =>
    each(async ({ name, gradients }) => {
      const { graph } = model;
      const taken = takeLanguageExamples("fit", model, examples());
      const adapter = model.adapter(name);
      graph.step(() => {
        const { sum, targets } = lossOf(model, adapter, taken, { checkpointing: false });
        const mean = graph.constant({ shape: [], data: Float32Array.of(1 / targets) });
        graph.backward(graph.mul(sum, mean));
      });
      const found = gradientsOf(model, adapter);
      for (const [key, { data }] of gradients)
        expect([name, key, far(found.get(key)?.data ?? [], data)]).toEqual([name, key, 0]);
      graph.zeroGrads();
    }));

  it("trains as PEFT does", () =>
    each(async ({ name, losses, after }) => {
      if (losses.length === 0) return;
      const { steps } = await model.fit(examples(), {
        adapter: name,
        steps: losses.length,
        batchSize: golden.batch.length,
        order: () => [0, 1, 2, 3],
        learningRate: 1e-3,
        schedule: () => 1e-3,
        maxGradNorm: null,
      });
      const found = steps.map(({ loss }) => loss);
      expect([name, far(found, losses)]).toEqual([name, 0]);
      expect([name, far(await logits(name), after.data)]).toEqual([name, 0]);
    }));

  it("merges to the logits that it had, and unmerges to the base's bits and memory", () =>
    each(async ({ name }) => {
      const [base, before] = [await logits(null), await logits(name)];
      const { used } = engineInfo().memory;
      for (const _ of [1, 2]) {
        model.mergeAdapter(name);
        expect([name, far(await logits(name), before)]).toEqual([name, 0]);
        model.unmergeAdapter(name);
        expect(await logits(null)).toEqual(base);
        expect(await logits(name)).toEqual(before);
      }
      expect(engineInfo().memory.used).toBe(used);
    }));
});
