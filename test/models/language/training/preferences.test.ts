import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AbortError,
  CausalLanguageModel,
  type Checkpoint,
  ConfigError,
  type LabelledAnswer,
  type Preference,
  type PreferenceFitOptions,
  type PreferenceLossOptions,
} from "../../../../ts/index.js";
import {
  exampleOf,
  otherAnswers,
  preferenceReader,
  type ReadPreference,
} from "../../../../ts/models/language/training/preference-rows.js";
import { goldenJson } from "../../../golden.js";
import { decoderAdapter, decoderFiles } from "../golden-decoder.js";

interface Golden {
  readonly rate: number;
  readonly pairs: readonly { prompt: string; chosen: string; rejected: string }[];
  readonly steps: readonly {
    readonly options: PreferenceLossOptions;
    readonly losses: readonly number[];
    readonly gradNorms: readonly number[];
  }[];
}

const golden = await goldenJson<Golden>("preferences.json");

const single = { prompt: "a", completion: "b", label: true };
const kto = { loss: "kto" };

it("a prompt that two answers share ends with a whole character, though emoji begin with the same half", () => {
  const [pair] = preferenceReader("fitPreferences", false)({ chosen: "Well 😀", rejected: "Well 😁" }, 0);
  expect(pair).toEqual({
    kind: "pair",
    chosen: { prompt: "Well", answer: " 😀" },
    rejected: { prompt: "Well", answer: " 😁" },
  });
});

it("functions of a conversation are part of both answers' examples, read as those of chats are", () => {
  const turn = (role: string, content: string) => ({ role, content });
  const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }];
  const [shared, chosen, rejected] = [[turn("user", "a")], [turn("assistant", "b")], [turn("assistant", "c")]];
  const read = preferenceReader("fitPreferences", false);
  const messages = (answer: object[]) => ({ kind: "conversation", messages: [...shared, ...answer], from: 1, tools });
  for (const given of [tools, JSON.stringify(tools)])
    for (const row of [
      { prompt: shared, chosen, rejected, tools: given },
      { prompt: "a", chosen, rejected, tools: given },
      { chosen: [...shared, ...chosen], rejected: [...shared, ...rejected], tools: given },
    ]) {
      const [pair] = read(row, 0) as [ReadPreference & { kind: "pair" }];
      expect([exampleOf(pair.chosen), exampleOf(pair.rejected)]).toEqual([messages(chosen), messages(rejected)]);
    }
  const labelled = preferenceReader("fitPreferences", true);
  const [single, other] = [shared, rejected].map(
    (prompt) => labelled({ prompt, completion: chosen, label: true, tools }, 0)[0]!,
  );
  expect(otherAnswers([single!, other!])[0]).toMatchObject({ prompt: shared, tools });
  expect(() => read({ prompt: shared, chosen, rejected, tools: "{" }, 3)).toThrow(/example 3.*tools/);
});

it.each(["gemma4_text", "qwen3_5", "granitemoe", "qwen3_moe"] as const)(
  "%s prefers what it trains on",
  async (name) => {
    using other = await CausalLanguageModel.load(await decoderFiles(name));
    other.addAdapter("own", { rank: 2, targetModules: "all-linear" });
    const options = { steps: 4, batchSize: 4, learningRate: 0.02, adapter: "own" };
    const { steps } = await other.fitPreferences(golden.pairs.slice(0, 4), options);
    // Without an update neither answer is more probable than before.
    expect(steps[0]!.loss).toBeCloseTo(Math.LN2, 5);
    expect(steps.at(-1)!.loss).toBeLessThan(0.67);
  },
);

describe("fitPreferences", () => {
  let model: CausalLanguageModel;
  beforeAll(async () => {
    model = await CausalLanguageModel.load(await decoderFiles("llama"));
  });
  afterAll(() => model?.dispose());

  const beta = 0.3;
  const options = (size = 4) => ({
    steps: 5,
    batchSize: size,
    learningRate: golden.rate,
    schedule: () => golden.rate,
    order: () => [...Array(size).keys()],
    maxGradNorm: null,
    adapter: "golden",
  });
  const goldenSteps = async (examples: readonly (Preference | LabelledAnswer)[], more: PreferenceFitOptions) => {
    model.loadAdapter("golden", await decoderAdapter("llama"));
    try {
      return (await model.fitPreferences(examples, more)).steps;
    } finally {
      model.removeAdapter("golden");
    }
  };

  describe.each(golden.steps)("$options", ({ options: own, losses, gradNorms }) => {
    const size = own.loss === "kto" ? 8 : 4;
    it.each([{}, { checkpointing: true }])("goes PyTorch's five steps: %j", async (more) => {
      const steps = await goldenSteps(golden.pairs, { ...options(size), ...own, ...more });
      expect(steps.length).toBe(losses.length);
      steps.forEach(({ loss, gradNorm }, i) => {
        expect(Math.abs(loss - losses[i]!)).toBeLessThan(1e-5);
        expect(Math.abs(gradNorm / gradNorms[i]! - 1)).toBeLessThan(1e-4);
      });
    });
  });

  it("adds up micro-batches", async () => {
    const { losses } = golden.steps[0]!;
    const steps = await goldenSteps(golden.pairs, { ...options(), beta, accumulate: 2 });
    steps.forEach(({ loss }, i) => expect(Math.abs(loss - losses[i]!)).toBeLessThan(1e-5));
  });

  it("takes labelled answers as those of pairs, and the divergence of a micro-batch", async () => {
    const own = { loss: "kto", beta: 0.5 } as const;
    const single = golden.pairs.flatMap(({ prompt, chosen, rejected }) => [
      { prompt, completion: chosen, label: true },
      { prompt, completion: rejected, label: false },
    ]);
    const losses = async (examples: readonly (Preference | LabelledAnswer)[], more: object = {}) =>
      (await goldenSteps(examples, { ...options(8), ...own, ...more })).map(({ loss }) => loss);
    const whole = await losses(golden.pairs);
    expect(await losses(single)).toEqual(whole);
    const parts = await losses(single, { accumulate: 2 });
    expect(parts[0]).toBeCloseTo(whole[0]!, 5);
    for (const loss of parts) expect(loss).toBeGreaterThan(0);
  });

  it.each(["dpo", "kto"] as const)(
    "keeps the step with the highest reward accuracy on the validation: %s",
    async (loss) => {
      const { order: _, ...rest } = options();
      const validation = golden.pairs.slice(0, 3);
      model.loadAdapter("golden", await decoderAdapter("llama"));
      try {
        const { evaluation, steps } = await model.fitPreferences(golden.pairs, {
          ...rest,
          loss,
          validation,
          batchSize: 8,
          steps: 6,
          evaluate: { every: 2 },
        });
        expect(steps).toHaveLength(6);
        const { measured, best } = evaluation!;
        expect(measured.map(({ step }) => step)).toEqual([0, 2, 4, 6]);
        expect(best.value).toBe(Math.max(...measured.map(({ value }) => value)));
        for (const { value } of measured) expect(value >= 0 && value <= 1).toBe(true);
        // The rewards of an adapter that is the base's are equal; this one's are not.
        expect(best.value).toBeGreaterThan(0.5);
      } finally {
        model.removeAdapter("golden");
      }
    },
  );

  it("refuses a validation that is empty, invalid, or measured twice", async () => {
    model.loadAdapter("golden", await decoderAdapter("llama"));
    try {
      const fit = (more: object) => model.fitPreferences(golden.pairs, { ...options(), ...more });
      await expect(fit({ validation: [] })).rejects.toThrow("fitPreferences: validation: expected training examples");
      await expect(fit({ validation: [{ prompt: "a", chosen: "b", rejected: "b" }] })).rejects.toThrow(
        /^fitPreferences: validation.*equal/,
      );
      const evaluate = { every: 1, measure: () => 1 };
      await expect(fit({ validation: golden.pairs, evaluate })).rejects.toThrow(
        "fitPreferences: validation and evaluate.measure both say what is measured",
      );
    } finally {
      model.removeAdapter("golden");
    }
  });

  it("gives a run that is resumed the same bits", async () => {
    for (const loss of ["dpo", "kto"] as const) {
      const own = { ...options(), loss, order: undefined, seed: 3 };
      const { order: _, ...rest } = own;
      const checkpoints: Checkpoint[] = [];
      const save = (checkpoint: Checkpoint) => void checkpoints.push(checkpoint);
      const whole = await goldenSteps(golden.pairs, { ...rest, checkpoint: { every: 2, save } });
      const resumed = await goldenSteps(golden.pairs, { ...rest, resume: checkpoints[0]! });
      expect(resumed.map((step) => step.loss)).toEqual(whole.map((step) => step.loss));
      expect(resumed.map((step) => step.gradNorm)).toEqual(whole.map((step) => step.gradNorm));
    }
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
    const { steps } = await model.fitPreferences(golden.pairs, {
      ...options(),
      beta,
      steps: 10,
      schedule: () => 1e-2,
    });
    expect(Math.abs(steps[0]!.loss - Math.LN2)).toBeLessThan(1e-5);
    expect(await difference("golden")).toBeGreaterThan(before + 1);
    model.removeAdapter("golden");
  });

  it.each<[string, unknown, object, RegExp]>([
    ["no examples", [], {}, /expected training examples, got an empty list/],
    ["half an example", [{ prompt: "a", chosen: "b" }], {}, /example 0: prompt and rejected are two texts/],
    [
      "text and messages",
      [{ prompt: "a", chosen: [], rejected: "b" }],
      {},
      /example 0: chosen and rejected are two texts, or two lists/,
    ],
    ["nothing", [null], {}, /example 0: it is \{ prompt, chosen, rejected \}/],
    ["equal answers", [{ prompt: "a", chosen: "b", rejected: "b" }], {}, /example 0: chosen and rejected are equal/],
    [
      "answers that are equal where they are cut",
      [golden.pairs[0], { prompt: "a", chosen: "b b b b b b", rejected: "b b b b b b b b" }],
      { maxTokens: 2 },
      /example 1: its two answers have the same tokens within maxTokens 2/,
    ],
    [
      "a label for another loss",
      [single],
      {},
      /example 0: it is \{ prompt, chosen, rejected \}; .* is for the loss "kto"/,
    ],
    ["a label that is no truth value", [{ ...single, label: 1 }], kto, /example 0: label is true or false, got 1/],
    ["no answer", [{ prompt: "a", label: true }], kto, /example 0: it is \{ prompt, completion, label \}/],
    ["one answer", [single], kto, /expected at least two answers, got one/],
    ["an unknown loss", golden.pairs, { loss: "ppo" }, /loss is one of "dpo", "ipo", "orpo", "simpo", "kto"/],
    [
      "another loss's constant",
      golden.pairs,
      { simpoGamma: 1 },
      /simpoGamma has no effect with the loss "dpo": .*"simpo"/,
    ],
    ["half of the labels", golden.pairs, { labelSmoothing: 0.5 }, /labelSmoothing is a number from 0 to below 0.5/],
    ["a weight below 0", golden.pairs, { ...kto, desirableWeight: -1 }, /desirableWeight is a number from 0/],
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
