import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { CrossEncoder, predictEach, SentenceEncoder, TextClassifier, TokenClassifier } from "../../../ts/index.js";
import { TextTokenizer } from "../../../ts/tokenize/text-tokenizer.js";
import { nextTask, SLICE, stopwatch } from "../../../ts/waiting/next-task.js";
import { examples, tinyEncoder } from "../tiny-encoder.js";

const texts = examples.slice(0, 6).map(({ text }) => text);
const lora = { rank: 2, initLoraWeights: false } as const;

let encoder: SentenceEncoder;
beforeAll(async () => {
  encoder = await SentenceEncoder.load(await tinyEncoder());
});
afterAll(() => encoder?.dispose());
afterEach(() => vi.restoreAllMocks());

/** Tasks that ran during each tokenization of a text, which takes as long as several slices, in steps. */
async function tasksWhile(call: () => Promise<unknown>): Promise<number[]> {
  const own = Object.getOwnPropertyDescriptor(TextTokenizer.prototype, "ownSteps")!.value as TextTokenizer["ownSteps"];
  const found: number[] = [];
  let [tasks, isOver] = [0, false];
  vi.spyOn(TextTokenizer.prototype, "ownSteps").mockImplementation(function* (this: TextTokenizer, text, room) {
    const before = tasks;
    for (let i = 0; i < 4; i++) {
      const since = stopwatch();
      while (since() <= SLICE);
      yield;
    }
    found.push(tasks - before);
    return yield* own.call(this, text, room);
  });
  const others = (async () => {
    for (; !isOver; tasks++) await nextTask();
  })();
  await call();
  isOver = true;
  await others;
  vi.restoreAllMocks();
  return found;
}

it("other tasks run while a call tokenizes texts, and results are those without pauses", async () => {
  using classifier = TextClassifier.create(encoder, { labels: ["good", "bad"], adapter: "mood", lora });
  using topics = TextClassifier.create(encoder, { labels: ["a", "b"], adapter: "topics", multiLabel: true, lora });
  using cross = CrossEncoder.create(encoder, { adapter: "cross", lora });
  using words = TokenClassifier.create(encoder, { labels: ["O", "B-X", "I-X"], adapter: "words", lora });
  const head = () => classifier.graph.value(classifier.head.weight).data;
  const rows = examples.slice(0, 6);
  const calls: Record<string, () => Promise<unknown>> = {
    encode: () => encoder.encode(texts),
    predict: () => classifier.predict(texts),
    predictEach: () => predictEach(texts.map((text) => ({ classifier, text }))),
    rank: () => cross.rank("a film", texts),
    words: () => words.predict(texts),
    fitHead: async () => [await classifier.fitHead(rows), head()],
    "fitHead of several labels": async () =>
      topics.fitHead(texts.map((text, i) => ({ text, labels: i % 2 ? ["a"] : ["b"] }))),
    "fitHead of words": () =>
      words.fitHead(
        texts.map((text, i) => ({ text, entities: [{ start: 0, end: text.indexOf(" "), label: "X" }].slice(i % 2) })),
      ),
  };
  for (const [name, call] of Object.entries(calls)) {
    const expected = await call();
    let paused: unknown;
    const tasks = await tasksWhile(async () => (paused = await call()));
    expect(paused, name).toEqual(expected);
    expect(tasks.length, name).toBeGreaterThanOrEqual(texts.length);
    expect(Math.min(...tasks), name).toBeGreaterThan(0);
  }
});

it("a call that is aborted while it tokenizes ends before the next text", async () => {
  const controller = new AbortController();
  const asked = tasksWhile(async () => {
    setTimeout(() => controller.abort(), 0);
    await expect(encoder.encode(texts, { signal: controller.signal })).rejects.toMatchObject({ name: "AbortError" });
  });
  expect((await asked).length).toBeLessThan(texts.length);
});
