import { settingNames } from "../../../ts/training/spec/option-names.js";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../ts/index.js";
import { languageDefinition } from "../../../ts/tasks/language/definition.js";
import { type LanguageJobSpec, memoryStore } from "../../../ts/jobs/index.js";
import { loadParts } from "../../../ts/training/data-parts.js";
import { languageFields, languagePlan } from "../../../ts/tasks/language/settings.js";
import { readSpec } from "../../../ts/training/spec/read-settings.js";
import { run, sources, spec } from "./tiny-language-job.js";

const load = (given: Partial<LanguageJobSpec> & Pick<LanguageJobSpec, "data">) => {
  const settings = readSpec("test", { task: "text", ...given }, languageFields);
  const reader = languageDefinition.reader(settings, {
    sources,
    optionNames: settingNames,
    signal: undefined,
    emit: (event) => expect(event).toBeNull(),
  });
  return loadParts(reader, settings, languagePlan);
};

describe("a file of examples", () => {
  it("is the same in every format", async () => {
    const examples = async (given: Partial<LanguageJobSpec> & Pick<LanguageJobSpec, "data">) => {
      const { train, validation } = await load({ validationSplit: 0.2, ...given });
      return [train, validation].map((part) => part.examples.map(({ example }) => example));
    };
    const chat = await examples({ task: "chat", data: "chat.jsonl" });
    expect(await examples({ task: "chat", data: "shared.json" })).toEqual(chat);
    const fields = { prompt: "question", completion: "answer" };
    expect(await examples({ data: "pairs.csv", fields })).toEqual(await examples({ data: "pairs.jsonl" }));
    // A column a field, without `input`.
    expect((await examples({ task: "chat", data: "instructions.csv" }))[0]![0]).toMatchObject({
      kind: "instruction",
      input: "",
    });
  });

  it("is parted by its seed, and those that are asked the same stay on one side", async () => {
    const parted = await load({ data: "twice.jsonl", validationSplit: 0.3, seed: 5 });
    expect(await load({ data: "twice.jsonl", validationSplit: 0.3, seed: 5 })).toEqual(parted);
    const prompts = ({ examples }: typeof parted.train) =>
      new Set(examples.map(({ example }) => (example.kind === "completion" ? example.prompt : null)));
    const [learnt, held] = [prompts(parted.train), prompts(parted.validation)];
    expect([learnt.size, held.size]).toEqual([28, 12]);
    expect([...held].filter((prompt) => learnt.has(prompt))).toEqual([]);
  });

  it.each<[string, Partial<LanguageJobSpec> & Pick<LanguageJobSpec, "data">, RegExp]>([
    ["a row that is none", { data: "broken.jsonl" }, /^broken\.jsonl, line 3: text is a text, got 3$/],
    [
      "conversations as texts",
      { data: "chat.jsonl" },
      /line 1: task "text" accepts .*; conversations are task "chat"$/,
    ],
    [
      "texts as conversations",
      { task: "chat", data: "texts.jsonl" },
      /line 1: task "chat" accepts .* other texts are task "text"$/,
    ],
    [
      "a table without the columns",
      { data: "labels.csv" },
      /labels\.csv has no column "prompt": it has .*expected are the columns prompt and completion, or .*--fields prompt=NAME\)$/,
    ],
    [
      "too little to hold out",
      { data: "one.jsonl" },
      /a share of 0\.1 of one example cannot be held out.*or pass validationSplit 0 to measure nothing$/,
    ],
    [
      "a field of no format",
      { data: "pairs.jsonl", fields: { promt: "a" } },
      /no option "promt"; did you mean "prompt"/,
    ],
  ])("refuses %s", async (_, given, message) => {
    const error = await load(given).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(message);
  });
});

describe("what only the model can tell", () => {
  it.each<[string, Partial<LanguageJobSpec>, RegExp]>([
    ["no target", { task: "text", data: "empty.jsonl" }, /^empty\.jsonl, line 2: has no target/],
    [
      "too long",
      { task: "text", data: "long.jsonl" },
      /^long\.jsonl, line 2: has \d+ tokens; the model has 96 positions/,
    ],
    ["no template", { model: "bare" }, /model bare has no chat template .*train on texts/],
    ["a warm-up beyond the end", { warmup: 50 }, /warmup 50 is longer than the run of 40 steps/],
    ["a module that is not there", { targetModules: ["query"] }, /query/],
  ])("refuses %s before a step, and leaves the store as it was", async (_, given, message) => {
    const store = memoryStore();
    await expect(run({ ...spec, validationSplit: 0, ...given }, store)).rejects.toThrow(message);
    expect(store.files()).toEqual({});
  });

  it("cuts what is too long where that is asked for", async () => {
    const { report } = await run(
      { ...spec, task: "text", data: "long.jsonl", validationSplit: 0, maxTokens: 20, steps: 1 },
      memoryStore(),
    );
    expect(report.data.train.tokens).toBeLessThan(40);
  });
});

describe("a spec", () => {
  it.each<[object, RegExp]>([
    [{ task: "summarise" }, /spec\.task.*text/],
    [{ label: "label" }, /no option "label"/],
    [{ weights: "q5" }, /spec\.weights/],
    [{ fields: { prompt: 3 } }, /spec\.fields/],
    [{ checkpointing: "sometimes" }, /spec\.checkpointing/],
    [{ gguf: "yes" }, /spec\.gguf/],
    [{ rank: 0 }, /spec\.rank/],
    [{ steps: 3, epochs: 1 }, /steps and spec\.epochs/],
    [{ data: undefined }, /spec\.data/],
  ])("is refused with %o", async (wrong, message) => {
    const error = await run({ ...spec, ...wrong }, memoryStore()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(message);
  });

  it("has a default for all but task and data, and JSON carries it", () => {
    const taken = readSpec("test", { task: "text", data: "a.jsonl" }, languageFields);
    expect(readSpec("test", JSON.parse(JSON.stringify(taken)), languageFields)).toEqual(taken);
    expect(readSpec("test", { task: "text", data: "a.jsonl", epochs: 2 }, languageFields)).toEqual({
      ...taken,
      epochs: 2,
    });
  });
});
