import { expect, it } from "vitest";
import { type JobEvent, type JobSpec, memoryStore, runFolds } from "../../../ts/jobs/index.js";
import { run, sources, spec } from "../../jobs/tiny-job.js";

const words = { good: ["warm", "funny", "fine", "lovely"], bad: ["cold", "dull", "poor", "awful"] };
const framed = (text: string, i: number) =>
  ["Hi,\n", "Hello team, ", "Good morning! ", "", "Dear all,\n"][i]! +
  text +
  ["\nBest regards,\nAnna", " Thanks!", "", "\nKind regards, Tom", " Cheers"][i]!;
/** Five times each of some texts of their own, with other greetings and sign-offs. */
const rowsOf = (labels: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(labels).flatMap(([label, own]) =>
    own.flatMap((word, k) =>
      ["story", "music", "film"].flatMap((thing) =>
        Array.from({ length: 5 }, (_, i) => ({
          text: framed(`the ${thing} is ${word} and the end ${k % 2 ? "quite" : "very"} ${word}`, i),
          label,
        })),
      ),
    ),
  );
const csv = (rows: readonly { text: string; label: string }[]) =>
  new TextEncoder().encode(`text,label\n${rows.map(({ text, label }) => `"${text}",${label}\n`).join("")}`);

const given: JobSpec = { ...spec, steps: 6, testSplit: 0.25, recipe: "peft" };
const reading = (bytes: Uint8Array) => ({ ...sources, readData: async (name: string) => ({ name, bytes }) });
const twins = reading(csv(rowsOf(words)));
const core = (text: string) => /the (story|music|film) is \w+/.exec(text)![0];

it("texts that differ by a greeting or a sign-off are on one side, or the result without them stands beside it", async () => {
  const together = await run(given, memoryStore(), { sources: twins });
  const { data, result, settings } = together.report;
  expect(settings.nearDuplicates).toBe("together");
  expect([data.train.examples, data.test!.examples]).toEqual([90, 30]);
  expect(data.summary.test!.inTraining).toEqual({ same: 0, near: 0 });
  expect(result.unseen).toBeNull();
  const tested = new Map<string, number>();
  for (const { text } of together.predictions) tested.set(core(text), (tested.get(core(text)) ?? 0) + 1);
  expect([...tested.values()]).toEqual(new Array(6).fill(5));
  const apart = await run({ ...given, nearDuplicates: "apart" }, memoryStore(), { sources: twins });
  expect(apart.report.data.test!.examples).toBe(30);
  const { seen, near, count, accuracy } = apart.report.result.unseen!;
  expect([seen, count]).toEqual([0, 30 - near]);
  expect(near).toBeGreaterThan(25);
  expect(accuracy).toEqual(count === 0 ? null : expect.any(Number));
  // A file of its own is measured as it is.
  const rows = rowsOf(words);
  const fresh = Array.from({ length: 10 }, (_, i) => ({
    text: `a ${i % 2 ? "bright" : "grim"} start ${i}`,
    label: i % 2 ? "good" : "bad",
  }));
  const files: Readonly<Record<string, Uint8Array>> = {
    "train.csv": csv(rows.filter((_, i) => i % 5 > 0)),
    "test.csv": csv([...rows.filter((_, i) => i % 20 === 0), ...fresh]),
  };
  const own = { ...sources, readData: async (name: string) => ({ name, bytes: files[name]! }) };
  const { testSplit: _, ...named } = given;
  const { report } = await run({ ...named, data: "train.csv", test: "test.csv" }, memoryStore(), { sources: own });
  expect(report.result.unseen).toMatchObject({ seen: 0, near: 6, count: 10 });
});

it("a label whose texts are all alike is tested all the same, and folds keep such texts together", async () => {
  const events: JobEvent[] = [];
  const alone = { ...words, odd: ["grim"] };
  const rows = rowsOf(alone).filter(({ text, label }) => label !== "odd" || text.includes("film"));
  const { report } = await run({ ...given, classWeights: null }, memoryStore(), { sources: reading(csv(rows)) });
  const { labels, test } = report.data.summary;
  expect(labels.find(({ label }) => label === "odd")).toMatchObject({ train: 4, test: 1 });
  expect(test!.inTraining!.near).toBe(1);
  expect(report.result.unseen).toMatchObject({ near: 1, count: 30 });
  const { testSplit: _, ...plain } = given;
  const folds = await runFolds({ ...plain, steps: 1 }, 4, memoryStore(), {
    sources: twins,
    onProgress: (event) => events.push(event),
  });
  expect(folds.folds.map(({ after }) => after.count)).toEqual([30, 30, 30, 30]);
});
