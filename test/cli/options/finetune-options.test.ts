import { Command } from "commander";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { addFinetuneOptions, type FinetuneOptions, settingsFrom } from "../../../ts/cli/options/spec-options.js";
import { ConfigError } from "../../../ts/index.js";

const bundled = () => ({ data: "train.tsv", test: "test.tsv", text: "2", label: "0", labelNames: { 0: "bad" } });
const resolved = (options: object) => settingsFrom(options, bundled);

describe("the example's data", () => {
  it("has its test measured once; the step is chosen on a part of what is learnt from", () => {
    expect(resolved({})).toMatchObject({
      data: "train.tsv",
      validation: null,
      test: "test.tsv",
      validationSplit: null,
    });
    expect(resolved({ validationSplit: 0.1 })).toMatchObject({
      test: "test.tsv",
      validation: null,
      validationSplit: 0.1,
    });
    expect(resolved({ testSplit: 0.3 })).toMatchObject({ test: null, validation: null, testSplit: 0.3 });
  });

  it("is learnt from as a whole with PEFT's recipe, which chooses no step", () => {
    expect(resolved({ recipe: "peft" })).toMatchObject({ validation: "test.tsv", test: null });
    expect(resolved({ recipe: "peft", testSplit: 0.3 })).toMatchObject({ validation: null, testSplit: 0.3 });
  });

  it.each(["validation", "test"])("is not mixed with somebody's --%s", (name) => {
    expect(() => resolved({ [name]: "mine.csv" })).toThrow(ConfigError);
    expect(() => resolved({ [name]: "mine.csv" })).toThrow(new RegExp(`^--${name} names examples .* but --data`));
  });

  it("is not there where somebody names data", () => {
    expect(resolved({ data: "mine.csv" })).toMatchObject({
      data: "mine.csv",
      validation: null,
      test: null,
      testSplit: null,
      label: "label",
    });
  });
});

describe("options of what is held out and chosen", () => {
  it("stand in the settings, none as null", () => {
    const parsed = (...args: string[]) =>
      addFinetuneOptions(new Command().exitOverride().configureOutput({ writeErr: () => {} }))
        .parse(["--data", "mine.csv", ...args], { from: "user" })
        .opts<FinetuneOptions>();
    const settings = (...args: string[]) => settingsFrom(parsed(...args), bundled);
    expect(settings()).toMatchObject({ steps: null, epochs: null, patience: 3, group: null, dropDuplicates: false });
    expect(settings("--patience", "none")).toMatchObject({ patience: null });
    expect(settings("--patience", "5")).toMatchObject({ patience: 5 });
    expect(settings("--test-split", "0", "--group", "customer", "--drop-duplicates")).toMatchObject({
      testSplit: 0,
      group: "customer",
      dropDuplicates: true,
    });
    expect(settings()).toMatchObject({ nearDuplicates: "together" });
    expect(settings("--near-duplicates", "apart")).toMatchObject({ nearDuplicates: "apart" });
    expect(() => parsed("--near-duplicates", "away")).toThrow(/Allowed choices are together, apart/);
    expect(settings("--recipe", "peft")).toMatchObject({ steps: 300, patience: null, testSplit: 0 });
    expect(settings("--epochs", "2")).toMatchObject({ steps: null, epochs: 2 });
    for (const wrong of ["0", "never", "1.5"])
      expect(() => parsed("--patience", wrong)).toThrow(/or "none", is expected/);
    expect(() => parsed("--head-only", "--patience", "3")).toThrow(/cannot be used with/);
  });

  it("are explained by the help", () => {
    const help = addFinetuneOptions(new Command()).helpInformation().replace(/\s+/g, " ");
    expect(help).toMatch(/optimizer steps \(default: by number of examples, 5 passes, 150 to 400 steps\)/);
    expect(help).toMatch(/share of the data held out for testing \(default: 0\.2, at most about 1000 examples/);
    expect(help).toMatch(/none: keep the last step \(default: 3\)/);
  });
});

describe("options of the adapter", () => {
  const parsed = (...args: string[]) =>
    addFinetuneOptions(new Command().exitOverride().configureOutput({ writeErr: () => {} }))
      .parse(["--data", "mine.csv", ...args], { from: "user" })
      .opts<FinetuneOptions>();
  const settings = (...args: string[]) => settingsFrom(parsed(...args), bundled);

  it("stand in the settings as `addAdapter` takes them", () => {
    expect(settings()).toMatchObject({ lora: null, targetModules: null });
    const given = ["--bias", "all", "--init", "random", "--layers", "0, 1", "--modules-to-save", "LayerNorm"];
    expect(settings(...given, "--exclude-modules", "key").lora).toEqual({
      bias: "all",
      initLoraWeights: false,
      layersToTransform: [0, 1],
      modulesToSave: ["LayerNorm"],
      excludeModules: ["key"],
    });
    expect(settings("--init", "kaiming").lora).toEqual({ initLoraWeights: true });
  });

  it("are those of a file of PEFT's, over which others go", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lowrank-options-"));
    const file = (name: string, config: object) => {
      const path = join(folder, name);
      writeFileSync(path, JSON.stringify({ peft_type: "LORA", ...config }));
      return path;
    };
    try {
      const config = file("good.json", {
        r: 4,
        lora_alpha: 6,
        target_modules: ["query"],
        bias: "all",
        use_rslora: true,
        alpha_pattern: { query: 5 },
        trainable_token_indices: [3],
        init_lora_weights: "pissa",
      });
      expect(settings("--adapter-config", config)).toMatchObject({
        rank: 4,
        alpha: 6,
        targetModules: ["query"],
        rslora: true,
        dora: false,
        dropout: 0,
        lora: { bias: "all", alphaPattern: { query: 5 }, trainableTokenIndices: [3], initLoraWeights: "pissa" },
      });
      const inFolder = file("adapter_config.json", { r: 4, target_modules: ["query"] });
      expect(settings("--adapter-config", folder)).toEqual(settings("--adapter-config", inFolder));
      expect(settings("--adapter-config", config, "--rank", "2", "--bias", "none")).toMatchObject({
        rank: 2,
        lora: { bias: "none", alphaPattern: { query: 5 } },
      });
      // PEFT lists the head of these tasks, by every name that it may have.
      const withHead = { r: 4, target_modules: ["query"], modules_to_save: ["LayerNorm", "classifier", "score"] };
      const saved = (config: object) => settings("--adapter-config", file("task.json", { ...withHead, ...config }));
      expect(saved({ task_type: "SEQ_CLS" })).toMatchObject({ lora: { modulesToSave: ["LayerNorm"] } });
      expect(saved({ task_type: "TOKEN_CLS", modules_to_save: ["classifier", "score"] })).toMatchObject({
        rank: 4,
        lora: null,
      });
      expect(saved({})).toMatchObject({ lora: { modulesToSave: ["LayerNorm", "classifier", "score"] } });
      const refused = (config: object) => () => settings("--adapter-config", file("bad.json", config));
      expect(refused({ target_modules: ["query"] })).toThrow(/expected r, the rank, but there is none/);
      expect(refused({ r: 4, target_modules: ["query"], use_qalora: true })).toThrow(/use_qalora is set/);
      expect(refused({ r: 4, target_modules: ["query"], init_lora_weights: "eva" })).toThrow(/"eva"/);
      // An output layer is kept; that it be trained as one with the table is refused.
      const output = { r: 4, target_modules: ["q_proj", "lm_head"] };
      expect(settings("--adapter-config", file("output.json", output))).toMatchObject({
        targetModules: ["q_proj", "lm_head"],
      });
      expect(refused({ ...output, ensure_weight_tying: true })).toThrow(/ensure_weight_tying is set/);
      expect(() => settings("--adapter-config", join(folder, "none.json"))).toThrow(/no such file/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("are refused by name", () => {
    expect(() => parsed("--bias", "some")).toThrow(/Allowed choices are none, lora_only, all/);
    expect(() => parsed("--init", "eva")).toThrow(/Allowed choices are kaiming, random, gaussian/);
    expect(() => parsed("--layers", "0,one")).toThrow(/A whole number from 0 is expected/);
    expect(() => parsed("--modules-to-save", "a b")).toThrow(/Names such as "LayerNorm,pooler" are expected/);
    expect(() => parsed("--head-only", "--bias", "all")).toThrow(/cannot be used with/);
  });
});
