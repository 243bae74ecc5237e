import { describe, expect, it } from "vitest";
import { AbortError, ConfigError } from "../../../ts/index.js";
import { type JobEvent, type JobSpec, memoryStore } from "../../../ts/jobs/index.js";
import { examples } from "../../models/tiny-encoder.js";
import { run, sources, spec } from "../../jobs/tiny-job.js";

type Row = { readonly text: string; readonly label: string };
const csv = (rows: readonly Row[], delimiter = ",") =>
  new TextEncoder().encode(
    ["text", "label"].join(delimiter) +
      "\n" +
      rows.map(({ text, label }) => `"${text}"${delimiter}${label}\n`).join(""),
  );

/** Runs the tiny job for a step on these files; what it told, gave or threw, and whether its model was looked for. */
async function tried(files: Readonly<Record<string, Uint8Array>>, more: Partial<JobSpec> = {}) {
  const events: JobEvent[] = [];
  let asked = false;
  const own = {
    ...sources,
    findModel: (...args: Parameters<typeof sources.findModel>) => {
      asked = true;
      return sources.findModel(...args);
    },
    readData: async (name: string) => ({ name, bytes: files[name]! }),
  };
  const store = memoryStore();
  const job = run({ ...spec, steps: 1, data: Object.keys(files)[0]!, ...more }, store, {
    sources: own,
    onProgress: (event) => events.push(event),
  });
  const outcome = await job.then(
    ({ report }) => ({ report, message: "" }),
    (error: Error) => ({ report: null, message: error.message, error }),
  );
  const told = events.find((event) => event.type === "data");
  return {
    ...outcome,
    asked,
    summary: told?.type === "data" ? told.summary : null,
    events,
    files: Object.keys(store.files()),
  };
}

describe("the data of a job", () => {
  it("are summarised before training, in an event and in the report", async () => {
    const { report, summary, events } = await tried({ "examples.csv": csv(examples) });
    expect(report!.data.summary).toEqual(summary);
    expect(summary!.train.examples).toBe(32);
    expect(summary!.train.tokens!.texts).toBe(32);
    expect(summary!.train.tokens!.cut).toBe(0);
    expect(summary!.labels.map(({ train, validation }) => [train, validation])).toEqual([
      [16, 4],
      [16, 4],
    ]);
    expect(events.findIndex(({ type }) => type === "data")).toBeLessThan(
      events.findIndex(({ type }) => type === "ready"),
    );
    const cut = await tried({ "examples.csv": csv(examples) }, { maxTokens: 8 });
    expect(cut.summary!.train.tokens).toMatchObject({ maxTokens: 8, cut: 1 });
    expect(cut.summary!.findings.map(({ code }) => code)).toContain("cut-texts");
  });

  const same = { "examples.csv": csv(examples), "again.csv": csv(examples.toReversed()) };
  const half = {
    "examples.csv": csv(examples),
    "half.csv": csv([
      ...examples.slice(0, 6),
      ...["a", "b", "c", "d"].map((text, i) => ({ text, label: examples[i]!.label })),
    ]),
  };

  it.each([
    ["same-file", same, { validation: "again.csv" }, /the validation examples are the training examples/],
    [
      "test-in-training",
      half,
      { validation: "half.csv" },
      /6 of 10 validation texts \(60 %\) are also in the training data/,
    ],
  ] as const)(
    "end it with %s before its model is looked for, unless that is allowed",
    async (code, files, more, message) => {
      const {
        error,
        asked,
        summary,
        files: written,
      } = (await tried(files, more)) as Awaited<ReturnType<typeof tried>> & { error: Error };
      expect(error).toBeInstanceOf(ConfigError);
      expect(error.message).toMatch(message);
      expect(error.message).toContain(`(to train all the same: allow ${code})`);
      expect(summary!.findings[0]).toMatchObject({ severity: "stop", code });
      expect([asked, written]).toEqual([false, []]);
      const allowed = await tried(files, { ...more, allow: [code] });
      expect(allowed.message).toBe("");
      expect(allowed.report!.data.summary.findings[0]!.code).toBe(code);
      expect(allowed.report!.settings.allow).toEqual([code]);
    },
  );

  it("may have empty texts, which are then left out", async () => {
    const files = { "examples.csv": csv([...examples, { text: "", label: "good" }, { text: " ", label: "bad" }]) };
    const { message } = await tried(files);
    expect(message).toMatch(
      /2 of 42 texts are empty \(lines 42, 43\): fill them in, or remove those rows \(allow empty-texts\)/,
    );
    const allowed = await tried(files, { allow: ["empty-texts"] });
    expect(allowed.events[0]).toEqual({ type: "warning", message: "examples.csv: 2 empty texts are removed" });
    expect(allowed.report!.data.train.examples + allowed.report!.data.validation.examples).toBe(40);
  });

  it("name file and line of a label that is not known", async () => {
    const strange = csv([...examples.slice(0, 2), { text: "new", label: "odd" }, { text: "newer", label: "odd" }]);
    const { message } = await tried(
      { "examples.csv": csv(examples), "strange.csv": strange },
      { validation: "strange.csv" },
    );
    expect(message).toBe(
      'strange.csv, line 4: label "odd" is unknown; the labels are bad, good (2 examples have such labels)',
    );
  });

  it("may be separated by semicolons, or be JSON", async () => {
    const json = new TextEncoder().encode(JSON.stringify(examples));
    const [comma, semicolon, list] = [
      await tried({ "a.csv": csv(examples) }),
      await tried({ "a.csv": csv(examples, ";") }),
      await tried({ "a.json": json }),
    ];
    expect(comma.report).not.toBe(null);
    expect(semicolon.report!.result).toEqual(comma.report!.result);
    expect(list.report!.result).toEqual(comma.report!.result);
  });

  it("are many: an abort is heard while they are looked at, and progress is told", async () => {
    const rows = Array.from({ length: 8000 }, (_, i) => ({
      text: `film ${i} was good and the story ${i * i}`,
      label: i % 2 === 0 ? "good" : "bad",
    }));
    const { events } = await tried(
      { "many.csv": csv(rows) },
      { baseline: false, maxTokens: 8, validationSplit: 0.001 },
    );
    // One phase: all texts for the summary, and then for the run itself, which finds them remembered. Each text counts once.
    const told = events.filter((event) => event.type === "progress" && event.phase === "tokenize");
    expect(new Set(told.map((event) => event.type === "progress" && event.total))).toEqual(new Set([8000]));
    const done = told.map((event) => (event.type === "progress" ? event.done : 0));
    expect(done).toEqual(expect.arrayContaining([0, 1000, 2000, 3000, 8000]));
    expect(done).toEqual([...new Set(done)].sort((a, b) => a - b));
    const abort = new AbortController();
    const job = run({ ...spec, data: "many.csv" }, memoryStore(), {
      signal: abort.signal,
      sources: { ...sources, readData: async (name) => ({ name, bytes: csv(rows) }) },
      onProgress: (event) => event.type === "progress" && event.phase === "tokenize" && abort.abort(),
    });
    await expect(job).rejects.toThrow(AbortError);
  });
});

describe("texts that repeat", () => {
  const repeated = [...examples, examples[0]!, { ...examples[1]!, text: ` ${examples[1]!.text.toUpperCase()}` }];
  const contradicted = { text: examples[2]!.text, label: examples[3]!.label };

  it("are left out on request, but for those that contradict each other", async () => {
    const files = { "examples.csv": csv([...repeated, contradicted]) };
    const kept = await tried(files);
    expect(kept.report!.data.train.examples + kept.report!.data.validation.examples).toBe(43);
    const { report, events } = await tried(files, { dropDuplicates: true });
    expect(report!.data.train.examples + report!.data.validation.examples).toBe(41);
    expect(events[0]).toEqual({
      type: "warning",
      message: "examples.csv: 2 texts that repeat earlier ones are removed",
    });
    expect(report!.data.summary.twoLabels).toBe(1);
    expect(report!.settings.dropDuplicates).toBe(true);
  });

  it("and stand in the file to test on are told beside the result, and left out of what is learnt from on request", async () => {
    const known = examples.slice(0, 4);
    const fresh = Array.from({ length: 10 }, (_, i) => {
      const { label } = examples[i]!;
      return { text: `${["funny", "warm", "poor", "grim", "dull"][i % 5]!} ${i < 5 ? "start" : "end"}`, label };
    });
    const files = { "train.csv": csv(examples.slice(0, 30)), "test.csv": csv([...known, ...fresh]) };
    const kept = await tried(files, { test: "test.csv" });
    const { unseen, after } = kept.report!.result;
    expect(unseen).toMatchObject({ seen: 4, count: 10 });
    expect(unseen!.interval![0]).toBeLessThanOrEqual(unseen!.accuracy!);
    expect(after.count).toBe(14);
    expect(kept.report!.result.macroF1Loss).toBe(null);
    const { report, events, summary } = await tried(files, { test: "test.csv", dropDuplicates: true });
    // Others are nearly the same.
    expect(report!.result.unseen).toMatchObject({ seen: 0, near: 3, count: 11 });
    expect(summary!.train.examples).toBe(26);
    expect(summary!.findings.map(({ code }) => code)).not.toContain("overlap");
    expect(events[0]).toEqual({
      type: "warning",
      message: "train.csv: 4 texts that are also in test.csv are removed from the training data",
    });
    const part = { test: "test.csv", validation: "valid.csv", dropDuplicates: true };
    const both = await tried({ ...files, "valid.csv": csv(examples.slice(10, 14)) }, part);
    expect(both.summary!.train.examples).toBe(22);
  });

  it("and stand both where the step is chosen and where it is tested are told, and left out of the first on request", async () => {
    const files = {
      "train.csv": csv(examples.slice(0, 20)),
      "valid.csv": csv(examples.slice(20, 30)),
      "test.csv": csv([...examples.slice(27), { ...examples[21]!, text: ` ${examples[21]!.text.toUpperCase()}` }]),
    };
    const parts = { test: "test.csv", validation: "valid.csv", patience: 3 };
    const told = (await tried(files, parts)).summary!.findings.find(({ code }) => code === "test-in-validation")!;
    expect(told.message).toMatch(
      /^4 test texts of 14 \(29 %\) are also in the validation data, which chooses the step/,
    );
    expect([told.severity, told.examples.length]).toEqual(["warn", 4]);
    const { report, events, summary } = await tried(files, { ...parts, dropDuplicates: true });
    expect(events[0]).toEqual({
      type: "warning",
      message: "valid.csv: 4 texts that are also in test.csv are removed from the validation data",
    });
    expect(report!.data.validation.examples).toBe(6);
    expect(summary!.findings.map(({ code }) => code)).not.toContain("test-in-validation");
  });

  it.each([
    [
      { test: "same.csv" },
      /^train\.csv: all 20 texts are also in same\.csv, so .* leaves no examples to train on\. Name files with other texts, or omit test to hold out a part of the data/,
    ],
    [
      { test: "few.csv", validation: "few.csv" },
      /^few\.csv: all 4 texts are also in few\.csv, so .* leaves no examples to choose the step with\. .*omit validation/,
    ],
  ])("and leave nothing are refused with what to do: %o", async (parts, message) => {
    const files = {
      "train.csv": csv(examples.slice(0, 20)),
      "same.csv": csv(examples.slice(0, 20)),
      "few.csv": csv(examples.slice(30, 34)),
    };
    const sourced = { ...sources, readData: async (name: string) => ({ name, bytes: files[name as "few.csv"] }) };
    const given = { ...spec, data: "train.csv", dropDuplicates: true, ...parts };
    const running = run(given, memoryStore(), { sources: sourced });
    await expect(running).rejects.toThrow(ConfigError);
    await expect(running).rejects.toThrow(message);
  });

  it("change nothing else", async () => {
    const plain = await tried({ "examples.csv": csv(examples) });
    const dropped = await tried({ "examples.csv": csv(repeated) }, { dropDuplicates: true });
    expect(dropped.report!.result).toEqual(plain.report!.result);
  });
});

it("groups that stand in both of two files are told", async () => {
  const grouped = (from: number, to: number, group: (i: number) => string) =>
    new TextEncoder().encode(
      `text,label,customer\n${examples
        .map(({ text, label }, i) => `"${text}",${label},${group(i)}\n`)
        .slice(from, to)
        .join("")}`,
    );
  const files = { "a.csv": grouped(0, 20, (i) => `c${i}`), "b.csv": grouped(20, 40, (i) => `c${i - 2}`) };
  const { summary } = await tried(files, { test: "b.csv", group: "customer" });
  const finding = summary!.findings.find(({ code }) => code === "shared-groups")!;
  expect(finding.message).toMatch(
    /^2 groups of the test data \("c18", "c19"\) are also in the training data, with 2 test texts/,
  );
  expect(finding.severity).toBe("warn");
});
