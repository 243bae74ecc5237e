import { describe, expect, it } from "vitest";
import {
  type FileMap,
  type LabelledWords,
  readSafetensors,
  TextClassifier,
  TokenClassifier,
} from "../../../ts/index.js";
import { entityMetrics, TagScheme } from "../../../ts/train/metrics/entities.js";
import { goldenBytes, goldenJson } from "../../golden.js";
import { tokenCheckpoint } from "./token-checkpoint.js";

const folder = "token-adapters";

interface Expected {
  readonly examples: LabelledWords[];
  readonly ids: number[][];
  readonly losses_f64: number[];
}

async function peftFiles(family: string): Promise<FileMap> {
  return {
    "adapter_config.json": await goldenBytes(`${folder}/${family}/adapter_config.json`),
    "adapter_model.safetensors": await goldenBytes(`${folder}/${family}/adapter_model.safetensors`),
  };
}

describe.each(["bert", "roberta", "distilbert", "xlm-roberta", "modernbert"])("PEFT's TOKEN_CLS on %s", (family) => {
  it("gives PEFT's logits, and is written again as the same tensors", async () => {
    const [model, files] = [await tokenCheckpoint(family), await peftFiles(family)];
    using classifier = await TokenClassifier.open(files, { model });
    const { examples, ids } = await goldenJson<Expected>(`${folder}/${family}/expected.json`);
    const texts = examples.map(({ words }) => words.join(" "));
    expect(classifier.encoder.tokenize(texts).map((row) => [...row])).toEqual(ids);
    const expected = readSafetensors(await goldenBytes(`${folder}/${family}/logits.safetensors`));
    const logits = await classifier.logits(texts);
    logits.forEach((own, i) => {
      const { data } = expected.tensor(String(i));
      const most = data.reduce((largest, x) => Math.max(largest, Math.abs(x)), 1);
      expect(own.length).toBe(data.length);
      own.forEach((x, j) => expect(Math.abs(x - data[j]!)).toBeLessThan(1e-5 * most));
    });
    const again = classifier.save();
    const [before, after] = [files, again].map((map) => readSafetensors(map["adapter_model.safetensors"]!));
    expect([...after!.names].sort()).toEqual([...before!.names].sort());
    for (const name of before!.names) expect(after!.tensor(name)).toEqual(before!.tensor(name));
    const config = JSON.parse(new TextDecoder().decode(again["adapter_config.json"])) as Record<string, unknown>;
    expect(config).toMatchObject({ task_type: "TOKEN_CLS", modules_to_save: ["classifier"] });
    using back = await TokenClassifier.open(again, { model });
    expect(back.labels).toEqual(classifier.labels);
    expect(await back.logits(texts)).toEqual(logits);
  });

  it("trains as PEFT does, for five steps", async () => {
    using classifier = await TokenClassifier.open(await peftFiles(family), { model: await tokenCheckpoint(family) });
    const { examples, losses_f64: losses } = await goldenJson<Expected>(`${folder}/${family}/expected.json`);
    const { steps } = await classifier.fit(examples, {
      steps: losses.length,
      batchSize: examples.length,
      learningRate: 0.01,
      schedule: () => 0.01,
      weightDecay: 0.01,
      maxGradNorm: null,
      accumulate: family === "bert" ? 2 : 1,
    });
    steps.forEach(({ loss }, i) => expect(Math.abs(loss / losses[i]! - 1)).toBeLessThan(1e-5));
  });
});

it("an adapter of the other task names who reads it", async () => {
  const files = await peftFiles("bert");
  await expect(TextClassifier.open(files)).rejects.toThrow(
    /a token classifier's adapter .*; open it with TokenClassifier\.open/,
  );
  const config = JSON.parse(new TextDecoder().decode(files["adapter_config.json"])) as Record<string, unknown>;
  const ofTexts = new TextEncoder().encode(JSON.stringify({ ...config, task_type: "SEQ_CLS" }));
  const opened = TokenClassifier.open({ ...files, "adapter_config.json": ofTexts });
  await expect(opened).rejects.toThrow(/a text classifier's \(SEQ_CLS\): open it with TextClassifier\.open/);
});

interface Report {
  readonly [label: string]: { precision: number; recall: number; "f1-score": number; support: number };
}

it("counts entities as seqeval does, in its default and its strict mode", async () => {
  interface Case {
    readonly right: string[][];
    readonly found: string[][];
    readonly default: Report;
    readonly strict: Report;
  }
  for (const { right, found, ...reports } of await goldenJson<Case[]>(`${folder}/seqeval.json`)) {
    for (const mode of ["default", "strict"] as const) {
      const { "micro avg": micro, "macro avg": macro, "weighted avg": _, ...each } = reports[mode];
      const counting = { strict: mode === "strict", scheme: new TagScheme([...right, ...found].flat()) };
      const { perEntity, macroF1, ...all } = entityMetrics(right, found, counting);
      expect(all.precision).toBeCloseTo(micro!.precision, 12);
      expect(all.recall).toBeCloseTo(micro!.recall, 12);
      expect(all.f1).toBeCloseTo(micro!["f1-score"], 12);
      expect(macroF1).toBeCloseTo(macro!["f1-score"], 12);
      expect(perEntity.map(({ label }) => label)).toEqual(Object.keys(each).sort());
      for (const { label, f1, support } of perEntity) {
        expect(f1).toBeCloseTo(each[label]!["f1-score"], 12);
        expect(support).toBe(each[label]!.support);
      }
    }
  }
});
