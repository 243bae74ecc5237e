import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AbortError, CausalLanguageModel, ConfigError, type Preference } from "../../../../ts/index.js";
import { goldenJson } from "../../../golden.js";
import { decoderAdapter, decoderFiles } from "../golden-decoder.js";

interface Golden {
  readonly beta: number;
  readonly rate: number;
  readonly pairs: readonly { prompt: string; chosen: string; rejected: string }[];
  readonly losses: readonly number[];
}

describe("fitPreferences", () => {
  let model: CausalLanguageModel;
  let golden: Golden;
  beforeAll(async () => {
    model = await CausalLanguageModel.load(await decoderFiles("llama"));
    golden = await goldenJson<Golden>("preferences.json");
  });
  afterAll(() => model?.dispose());

  const options = () => ({
    ...{ beta: golden.beta, steps: 5, batchSize: 4, learningRate: golden.rate, schedule: () => golden.rate },
    ...{ order: () => [0, 1, 2, 3], maxGradNorm: null, adapter: "golden" },
  });

  it.each([{}, { accumulate: 2 }, { checkpointing: true }])("goes PyTorch's five steps: %j", async (more) => {
    model.loadAdapter("golden", await decoderAdapter("llama"));
    const { steps } = await model.fitPreferences(golden.pairs, { ...options(), ...more });
    model.removeAdapter("golden");
    steps.forEach(({ loss }, i) => expect(Math.abs(loss - golden.losses[i]!)).toBeLessThan(1e-5));
    expect(steps.length).toBe(golden.losses.length);
  });

  it("begins at ln 2 with an adapter that changes nothing yet, and makes the chosen answers likelier", async () => {
    model.addAdapter("golden", { rank: 2, targetModules: "all-linear" });
    const difference = async (adapter: string | null) => {
      let sum = 0;
      for (const { prompt, chosen, rejected } of golden.pairs) {
        const [good, bad] = [chosen, rejected].map((completion) =>
          model.evaluate([{ prompt, completion }], { adapter }),
        );
        const [a, b] = [await good!, await bad!];
        sum += b.loss * b.targets - a.loss * a.targets;
      }
      return sum;
    };
    const before = await difference(null);
    const { steps } = await model.fitPreferences(golden.pairs, { ...options(), steps: 10, schedule: () => 1e-2 });
    expect(Math.abs(steps[0]!.loss - Math.LN2)).toBeLessThan(1e-5);
    expect(await difference("golden")).toBeGreaterThan(before + 1);
    model.removeAdapter("golden");
  });

  it.each<[string, unknown, object, RegExp]>([
    ["no examples", [], {}, /expected training examples, got an empty list/],
    ["half an example", [{ prompt: "a", chosen: "b" }], {}, /example 0: prompt and rejected are two texts/],
    ["text and messages", [{ prompt: "a", chosen: [], rejected: "b" }], {}, /example 0: prompt and chosen are two/],
    ["nothing", [null], {}, /example 0: it is \{ prompt, chosen, rejected \}/],
    ["no strength", [{ prompt: "a", chosen: "b", rejected: "c" }], { beta: 0 }, /beta is a number above 0/],
  ])("refuses %s", async (_, examples, more, message) => {
    model.addAdapter("golden", { rank: 1 });
    const run = () => model.fitPreferences(examples as Preference[], { adapter: "golden", steps: 1, ...more });
    await expect(run()).rejects.toThrow(ConfigError);
    await expect(run()).rejects.toThrow(message);
    model.removeAdapter("golden");
  });

  it("is cancelled while the base is asked", async () => {
    model.addAdapter("golden", { rank: 1 });
    const run = model.fitPreferences(golden.pairs, { ...options(), signal: AbortSignal.abort() });
    await expect(run).rejects.toThrow(AbortError);
    model.removeAdapter("golden");
  });
});
