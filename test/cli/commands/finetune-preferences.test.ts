import { readdirSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { data } from "../../tasks/preferences/tiny-preferences.js";
import { lowrank, project } from "../fixture.js";

let folder: string;
let model: string;
const at = (...parts: string[]) => join(folder, ...parts);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-preferences-"));
  model = at("model");
  await cp(join(project, "test/golden/decoders/llama"), model, { recursive: true });
  await rm(join(model, "adapter"), { recursive: true, force: true });
  for (const name of ["pairs.jsonl", "pairs.csv", "labelled.csv", "equal.jsonl"])
    await writeFile(at(name), data[name]!);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const short = (file: string, out: string, ...more: string[]) => [
  "finetune",
  "--task",
  "preferences",
  "--model",
  model,
  "--data",
  at(file),
  "--out",
  at(out),
  "--steps",
  "20",
  "--batch-size",
  "6",
  "--learning-rate",
  "0.01",
  "--rank",
  "4",
  "--validation-split",
  "0.2",
  ...more,
];

describe("finetune --task preferences", () => {
  it("shows what it will do and what it gave; generate and inspect read the folder", async () => {
    const { code, out, err } = await lowrank(short("pairs.jsonl", "run", "--gguf"));
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/data +.*pairs\.jsonl: 32 examples, [\d,]+ of [\d,]+ tokens are trained on/);
    expect(out).toMatch(
      /validation .*: 8 examples, .* measured, a seeded split of 20\.0 %\n(.+\n)?keeps +the step with the highest validation reward accuracy, measured/,
    );
    expect(out).toMatch(/adapter +rank 4, .*: [\d,]+ parameters\n/);
    expect(out).toMatch(/8 examples to test on +reward accuracy +reward margin +more probable +loss/);
    expect(out).toMatch(/the base model +50\.0 % +0\.000 .*\n.*adapter +\d+/);
    expect(readdirSync(at("run")).sort()).toEqual([
      "adapter.gguf",
      "adapter_config.json",
      "adapter_model.safetensors",
      "loss.svg",
      "report.json",
    ]);
    const { settings, metrics } = JSON.parse(await readFile(at("run", "report.json"), "utf8"));
    expect(settings).toMatchObject({ task: "preferences", loss: "dpo", beta: null, weights: "auto" });
    expect(metrics.rewardAccuracy.value).toBeGreaterThan(0.5);
    const prompt = ["--model", model, "--max-tokens", "6", "--json", "Is it long: Heat?"];
    const said = async (...adapter: string[]) =>
      JSON.parse((await lowrank(["generate", ...adapter, ...prompt])).out).text as string;
    expect(await said("--adapter", at("run"))).not.toBe(await said());
    const inspected = await lowrank(["inspect", at("run")]);
    expect(inspected.code).toBe(0);
    expect(inspected.out).toMatch(/data +.*pairs\.jsonl, task preferences/);
    expect(inspected.out).toMatch(/reward accuracy +\d/);
  });

  it("takes a loss with its constants, and columns by other names", async () => {
    const names = ["--fields", "prompt=question,chosen=good,rejected=bad"];
    const simpo = ["--loss", "simpo", "--beta", "1.5", "--simpo-gamma", "0.2", "--label-smoothing", "0.1"];
    const { code, err } = await lowrank(short("pairs.csv", "simpo", ...names, ...simpo, "--quiet"));
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const { settings } = JSON.parse(await readFile(at("simpo", "report.json"), "utf8"));
    expect(settings).toMatchObject({ loss: "simpo", beta: 1.5, simpoGamma: 0.2, labelSmoothing: 0.1 });
    const kto = ["--loss", "kto", "--desirable-weight", "1", "--undesirable-weight", "1.5", "--folds", "2"];
    const folds = await lowrank(short("labelled.csv", "folds", ...kto).filter((one, i, all) => one !== "--validation-split" && all[i - 1] !== "--validation-split")); // prettier-ignore
    expect(folds.code).toBe(0);
    expect(folds.out).toMatch(/reward accuracy/);
  });

  it("refuses equal answers and foreign options before a model is loaded", async () => {
    const refused = async (args: string[]) => (await lowrank(args)).err;
    expect(await refused(short("equal.jsonl", "none"))).toMatch(/equal\.jsonl, line 4: chosen and rejected are equal/);
    expect(await refused(short("pairs.jsonl", "none", "--simpo-gamma", "1"))).toMatch(
      /--simpo-gamma has no effect with the loss "dpo"/,
    );
    expect(await refused(short("pairs.jsonl", "none", "--text", "x"))).toMatch(
      /--text is not an option of --task preferences; --fields names columns, such as chosen=…,rejected=…/,
    );
    expect(await refused(["finetune", "--data", at("pairs.jsonl"), "--beta", "1", "--out", at("none")])).toMatch(
      /--beta is not an option of --task classify, the default: say which task with --task preferences/,
    );
  });

  it("summarises data", async () => {
    const { code, out } = await lowrank(["data", at("pairs.jsonl"), "--task", "preferences"]);
    expect(code).toBe(0);
    expect(out).toMatch(/40 examples for training: 40 prompts, 20 pairs whose chosen answer is longer/);
  });
});
