import { describe, expect, it } from "vitest";
import { type FinetuneOptions, resolveSettings } from "../../../ts/cli/options/finetune-options.js";
import { ConfigError } from "../../../ts/index.js";

const bundled = () => ({ data: "train.tsv", test: "test.tsv", text: "2", label: "0", labelNames: { 0: "bad" } });
const resolved = (options: object) => resolveSettings(options as FinetuneOptions, bundled);

describe("the example's data", () => {
  it("has its test measured once; the step is chosen on a part of what is learnt from", () => {
    expect(resolved({})).toMatchObject({ data: "train.tsv", validation: null, test: "test.tsv", validationSplit: 0.2 });
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
      label: "label",
    });
  });
});
