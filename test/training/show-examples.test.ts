import { describe, expect, it } from "vitest";
import { ConfigError } from "../../ts/index.js";
import { type JobEvent, memoryStore, runJob, type ShownExample, type TaskName } from "../../ts/jobs/index.js";
import { shownEntities } from "../../ts/tasks/tokens/definition.js";
import { tinyRun, tinyTasks } from "../tasks/tiny-tasks.js";

type Evaluation = Extract<JobEvent, { type: "evaluation" }>;

async function evaluationsOf(task: TaskName, showExamples?: number): Promise<Evaluation[]> {
  const { spec, sources } = tinyRun(task);
  const told: Evaluation[] = [];
  const onProgress = (event: JobEvent) => void (event.type === "evaluation" && told.push(event));
  await runJob(spec, memoryStore(), { sources, onProgress, ...(showExamples !== undefined && { showExamples }) });
  expect(told.map(({ step }) => step)).toEqual([0, 2, 4]);
  return told;
}
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const shareRight = (examples: readonly ShownExample[]) => mean(examples.map(({ right }) => Number(right)));

/** What the task's metrics say of all examples, and the same by the examples that are shown. */
const agreement: Readonly<Partial<Record<TaskName, (event: Evaluation) => readonly [number, number]>>> = {
  classify: ({ metrics, examples }) => [metrics["accuracy"]!, shareRight(examples!)],
  "multi-label": ({ metrics, examples }) => [metrics["exactMatch"]!, shareRight(examples!)],
  regress: ({ metrics, examples }) => [
    metrics["mae"]!,
    mean(examples!.map(({ target, predicted }) => Math.abs(Number(target) - Number(predicted)))),
  ],
  pairs: ({ metrics, examples }) => [metrics["recall@1"]!, shareRight(examples!)],
};

describe("an evaluation shows examples with their predictions", () => {
  it.each(Object.keys(agreement) as TaskName[])("%s: as the metrics count them", async (task) => {
    for (const event of await evaluationsOf(task, 1000)) {
      const [counted, shown] = agreement[task]!(event);
      expect(shown).toBeCloseTo(counted, 5);
    }
  });

  it("of words: the entities of a text", async () => {
    const told = await evaluationsOf("tokens", 1000);
    for (const { examples } of told)
      for (const { text, target, predicted, right } of examples!) {
        const [, thing, , word] = text.split(" ");
        expect(target).toEqual([`${thing} (THING)`, expect.stringMatching(`^${word} \\((good|bad)\\)$`)]);
        expect(right).toBe(JSON.stringify(target) === JSON.stringify(predicted));
      }
  });

  it("of a reranker: the text that it puts first for a question", async () => {
    const rows = new TextDecoder().decode(tinyTasks.rank.data).trim().split("\n").slice(1);
    for (const { metrics, examples } of await evaluationsOf("rank", 1000)) {
      for (const { text, target, predicted, right } of examples!) {
        // Of a question's two texts the one with label 1 fits.
        expect(rows).toContain(`"${text}","${String(target)}","1"`);
        expect(rows).toContain(`"${text}","${String(predicted)}","${Number(right)}"`);
      }
      // Of two texts, the one that fits is first or second.
      expect(metrics["mrr@10"]).toBeCloseTo((1 + shareRight(examples!)) / 2, 5);
    }
  });

  it("the same ones each time, as many as asked for, evenly spread; none by default, and none of a language model", async () => {
    const all = (await evaluationsOf("classify", 1000))[0]!.examples!.map(({ text }) => text);
    const texts = (await evaluationsOf("classify", 3)).map(({ examples }) => examples!.map(({ text }) => text));
    const third = [0, 1, 2].map((i) => all[Math.floor((i * all.length) / 3)]);
    expect(texts).toEqual([third, third, third]);
    for (const [task, count] of [
      ["classify", undefined],
      ["classify", 0],
      ["text", 3],
    ] as const)
      // prettier-ignore
      expect((await evaluationsOf(task, count)).map(({ examples }) => examples)).toEqual([undefined, undefined, undefined]);
  });

  it("refuses what is no number of examples", async () => {
    const { spec, sources } = tinyRun("classify");
    for (const showExamples of [-1, 1.5, "3", null])
      await expect(runJob(spec, memoryStore(), { sources, showExamples: showExamples as number })).rejects.toThrow(
        ConfigError,
      );
  });
});

it("entities of several words are one, and labels say where they begin and end", () => {
  const text = "Ada Lovelace met Babbage King";
  const words = [...text.matchAll(/\w+/g)].map(({ 0: word, index }) => ({ start: index, end: index + word.length }));
  const shown = (target: string[], predicted: string[]) =>
    shownEntities(
      text,
      words.map((place, i) => ({
        word: { ...place, target: 0, begins: true },
        target: target[i]!,
        predicted: predicted[i]!,
      })),
      ["O", "B-P", "I-P", ...(target.some((label) => label.startsWith("S")) ? ["S-P", "E-P"] : [])],
    );
  expect(shown(["B-P", "I-P", "O", "B-P", "B-P"], ["B-P", "O", "O", "I-P", "I-P"])).toEqual({
    target: ["Ada Lovelace (P)", "Babbage (P)", "King (P)"],
    predicted: ["Ada (P)", "Babbage King (P)"],
    right: false,
  });
  expect(shown(["B-P", "E-P", "O", "S-P", "I-P"], ["B-P", "E-P", "O", "S-P", "I-P"])).toMatchObject({
    target: ["Ada Lovelace (P)", "Babbage (P)", "King (P)"],
    right: true,
  });
});

it("an entity that a text has twice is right in its own place only", () => {
  const words = ["O", "B-P"].map((target, i) => ({
    word: { start: 4 * i, end: 4 * i + 3, target: 0, begins: true },
    target,
    predicted: i === 0 ? "B-P" : "O",
  }));
  expect(shownEntities("Ada Ada", words, ["O", "B-P"])).toEqual({
    target: ["Ada (P)"],
    predicted: ["Ada (P)"],
    right: false,
  });
});
