import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Command } from "commander";
import { type Change, finetuneCommand } from "../../../ts/cli/options/finetune-command.js";
import {
  addFinetuneOptions,
  exampleData,
  type FinetuneOptions,
  freshSettings,
} from "../../../ts/cli/options/spec-options.js";
import type { TrainingSettings } from "../../../ts/tasks/classify/settings.js";
import { shellWords } from "../terminal/shell-words.js";

/** The settings of a run, and the folds, that words of a command line ask for. */
function asked(words: readonly string[]) {
  const options = addFinetuneOptions(new Command().exitOverride())
    .parse(words, { from: "user" })
    .opts<FinetuneOptions>();
  return { settings: freshSettings(options, exampleData) as TrainingSettings, folds: options.folds };
}

const words: readonly (readonly string[])[] = [
  [],
  ["--seed", "3", "--test-split", "0.1"],
  ["--recipe", "peft"],
  ["--data", "my tickets.csv", "--text", "Body of $5", "--label", "Queue's", "--label-names", "0=very bad,1=good"],
  ["--data", "/a/b.csv", "--validation", "v.csv", "--test", "t.csv", "--group", "user", "--drop-duplicates"],
  ["--data", "a.csv", "--model", "BAAI/bge-small-en-v1.5", "--max-tokens", "64", "--allow", "empty-texts,id-labels"],
  [
    "--data",
    "a.csv",
    "--epochs",
    "2",
    "--batch-size",
    "8",
    "--patience",
    "none",
    "--max-grad-norm",
    "0",
    "--no-baseline",
  ],
  [
    "--data",
    "a.csv",
    "--rslora",
    "--dora",
    "--target-modules",
    ".*\\.(query|value)",
    "--dropout",
    "0.1",
    "--steps",
    "9",
  ],
  ["--data", "a.csv", "--init", "random", "--bias", "all", "--layers", "0,1", "--modules-to-save", "LayerNorm"],
  ["--data", "a.csv", "--class-weights", "spam=4,ham=1", "--threads", "1", "--build", "simd"],
];

describe("the command of another run", () => {
  it.each(words)("of %j asks, in a shell, for the same and what is changed", (...given) => {
    const { settings } = asked(given);
    const again = (change: Change) => {
      const [name, command, ...rest] = shellWords(finetuneCommand("lowrank", settings, change));
      expect([name, command]).toEqual(["lowrank", "finetune"]);
      return asked(rest);
    };
    const balanced = { ...settings, classWeights: "balanced" };
    expect(again({ classWeights: "balanced" }).settings).toEqual(balanced);
    const head = again({ headOnly: true }).settings;
    const { model, data, text, label, labelNames, validation, test, group, dropDuplicates } = settings;
    expect(head).toMatchObject({ model, data, text, label, labelNames, validation, test, group, dropDuplicates });
    const { maxTokens, seed, allow, classWeights, build, threads, recipe } = settings;
    expect(head).toMatchObject({ maxTokens, seed, allow, classWeights, build, threads, recipe, headOnly: true });
    const folds = again({ folds: 5 });
    expect(folds.folds).toBe(5);
    const { test: _, validation: _v, testSplit: _t, ...others } = settings;
    expect(folds.settings).toMatchObject(others);
  });

  it("names paths as they are from here, and the bundled data not at all", () => {
    const line = (...given: string[]) => finetuneCommand("npx lowrank", asked(given).settings, { headOnly: true });
    expect(line()).toBe("npx lowrank finetune --head-only");
    expect(line("--data", join(process.cwd(), "a b.csv"))).toBe('npx lowrank finetune --data "a b.csv" --head-only');
    expect(line("--data", join(process.cwd(), "-a.csv"))).toBe("npx lowrank finetune --data ./-a.csv --head-only");
    expect(line("--data", "/elsewhere/far/a.csv")).toContain("--data /elsewhere/far/a.csv");
    expect(line("--data", "https://example.org/a.csv")).toContain("--data https://example.org/a.csv");
  });
});
