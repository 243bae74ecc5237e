// @needs browser
// @rest studio
import { afterEach, expect, it } from "vitest";
import { searchTexts } from "../../web/src/data/search-texts.js";
import {
  bestOf,
  forgetJudgements,
  judge,
  judgements,
  precisionOf,
  undoable,
  withJudgements,
} from "../../web/src/engine/search/judged.js";
import { splitPairs } from "../../web/src/engine/search/split.js";
import { plain } from "../../web/src/data/rows.js";

afterEach(() => {
  forgetJudgements();
  bestOf.value = new Map();
});

const tableOf = (records: readonly (readonly string[])[], question: number | null = 0) => ({
  name: "a",
  columns: ["q", "a"],
  records,
  text: 1,
  question,
});

it("a table's texts are there once, with all questions that they answer", () => {
  const rows = [["How?", " So. "], ["how? ", "So."], ["Why?", "So."], ["How?", "Or so."], ["", "Alone."], ["Who?", " "]]; // prettier-ignore
  const { texts, pairs, answers, incomplete, repeated } = searchTexts(tableOf(rows));
  expect(texts).toEqual(["So.", "Or so.", "Alone."]);
  expect(pairs).toEqual([
    { question: "How?", text: 0 },
    { question: "Why?", text: 0 },
    { question: "How?", text: 1 },
  ]);
  expect([...answers.get("how?")!]).toEqual([0, 1]);
  expect([incomplete, repeated]).toEqual([2, 1]);
  const list = searchTexts(tableOf(rows, null));
  expect([list.texts.length, list.pairs.length, list.repeated, list.incomplete]).toEqual([3, 0, 2, 1]);
});

it("no question is both trained on and tested with, and a fifth is tested with", () => {
  const pairs = Array.from({ length: 100 }, (_, i) => ({
    question: `Q ${i % 50}${i < 50 ? "" : "  "}`,
    answer: `${i}`,
  }));
  const { train, heldOut } = splitPairs(pairs);
  expect([train.length, heldOut.length]).toEqual([80, 20]);
  const trained = new Set(train.map(({ question }) => plain(question)));
  expect(heldOut.filter(({ question }) => trained.has(plain(question)))).toEqual([]);
  // A large table is tested with about a thousand.
  const many = Array.from({ length: 12_000 }, (_, i) => ({ question: `Q ${i}`, answer: `${i}` }));
  expect(splitPairs(many).heldOut).toHaveLength(1000);
});

it("judgements correct the pairs to train on", () => {
  const pairs = [
    { question: "How?", answer: "So." },
    { question: "Why?", answer: "Because." },
  ];
  const best = { base: [], adapted: null };
  expect(withJudgements(pairs, () => true)).toEqual(pairs);
  judge("how? ", "So.", false, best);
  judge("Where?", "Here.", true, best);
  judge("where?", "Here.", true, best); // Again: taken back.
  judge("Why?", "Because.", true, best);
  judge("WHERE?", "There.", true, best);
  judge("Where?", "Gone.", true, best);
  expect(withJudgements(pairs, (text) => text !== "Gone.")).toEqual([
    { question: "Why?", answer: "Because." },
    { question: "WHERE?", answer: "There." },
  ]);
});

it("a judgement, its change and the deletion of all are taken back, but not over a later one", () => {
  const best = { base: [], adapted: null };
  const first = undoable(() => judge("How?", "So.", true, best));
  const [judged] = judgements.value;
  const other = undoable(() => judge("How?", "So.", false, best));
  first();
  expect(judgements.value).toEqual([{ ...judged, right: false }]);
  other();
  expect(judgements.value).toEqual([judged]);
  const deletion = undoable(forgetJudgements);
  expect(judgements.value).toEqual([]);
  deletion();
  expect(judgements.value).toEqual([judged]);
});

it("precision counts the judged among the best, and the table's answers as right", () => {
  const best = { base: ["a", "b", "c"], adapted: ["a", "c", "d"] };
  const isKnown = (query: string, text: string) => query === "one" && text === "c";
  expect(precisionOf("base", isKnown)).toBeNull();
  judge("one", "a", true, best);
  judge("one", "b", false, best);
  // a and c right, b wrong; with the adapter a and c right.
  expect(precisionOf("base", isKnown)).toEqual({ right: 2, judged: 3 });
  expect(precisionOf("adapted", isKnown)).toEqual({ right: 2, judged: 2 });
  // A judgement counts more than the table.
  judge("one", "c", false, best);
  expect(precisionOf("base", isKnown)).toEqual({ right: 1, judged: 3 });
  judge("two", "x", false, { base: ["x"], adapted: null });
  expect(precisionOf("base", isKnown)).toEqual({ right: 1, judged: 4 });
  expect(precisionOf("adapted", isKnown)).toEqual({ right: 1, judged: 2 });
});
