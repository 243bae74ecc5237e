import type { Check } from "./checks.js";
import {
  having,
  isBytes,
  isCount,
  isEncoder,
  isEven,
  isId,
  isNumber,
  isText,
  listOf,
  orMissing,
  orNull,
  recordOf,
  tableFields,
  trainingFields,
} from "./checks.js";

// Tables of earlier versions lack the model.
const table = having({ ...tableFields, encoder: orMissing(isEncoder) });

/** A table with one field per column, whose chosen columns exist; null where `optional` has none. */
const tableWith =
  (needed: readonly string[], optional: string): Check =>
  (value) => {
    if (!table(value)) return false;
    const given = value as { columns: unknown[]; records: unknown[][] };
    const at = (name: string) => (given as unknown as Record<string, unknown>)[name];
    const isPlace = (place: unknown) => isCount(place) && (place as number) < given.columns.length;
    return needed.every((name) => isPlace(at(name))) && orNull(isPlace)(at(optional) ?? null) && isEven(given);
  };

/** An adapter's files. */
export const isAdapter: Check = recordOf(isBytes);
const training = {
  ...trainingFields,
  status: (value: unknown) => value === "paused" || value === "finished",
  files: orNull(isAdapter),
};
/** A finished training has files and, if the page shows one, a result. */
const finishedWith =
  (check: Check, ...needed: readonly string[]): Check =>
  (value) =>
    check(value) &&
    ((value as { status: string }).status !== "finished" ||
      needed.every((name) => (value as Record<string, unknown>)[name] !== null));

const metrics = having(
  Object.fromEntries(["ndcg@10", "mrr@10", "recall@1", "recall@10"].map((name) => [name, isNumber])),
);
const ordering = having(Object.fromEntries(["ndcg@10", "mrr@10", "map"].map((name) => [name, isNumber])));
const interval = orNull(listOf(isNumber));
const judgements = listOf(having({ query: isText, text: isText, right: (value) => typeof value === "boolean" }));
const ownData = { data: recordOf(isBytes), heldOut: listOf(isText), interval };

const searchRun = having({
  ...training,
  ...ownData,
  isUnchanged: (value: unknown) => typeof value === "boolean",
  result: orNull(
    having({
      yardsticks: having({ base: metrics, bm25: orNull(metrics) }),
      after: metrics,
      documents: orNull(isNumber),
    }),
  ),
  judged: orMissing(judgements),
  firstFive: orMissing(having({ before: isCount, after: isCount, questions: isCount })),
  earlier: orMissing(listOf(isNumber)),
});
const rankRun = having({
  ...training,
  ...ownData,
  result: orNull(having({ yardsticks: having({ cosine: ordering }), after: ordering, queries: isCount })),
});
const perplexity = having({ perplexity: isNumber });
const preferred = having({ rewardAccuracy: isNumber, accuracy: isNumber });
const lesson = having({
  ...training,
  model: isText,
  rows: isCount,
  data: isBytes,
  result: orNull(having({ before: perplexity, after: perplexity })),
  measured: orMissing(isCount),
  preferences: orMissing(orNull(having({ before: preferred, after: preferred }))),
});
const prompt: Check = (value) => isText(value) || listOf(having({ role: isText, content: isText }))(value);

/** Checks of what pages store, by their keys in the database. */
export const pageShapes: Readonly<Record<string, Check>> = {
  search: tableWith(["text"], "question"),
  "search run": finishedWith(searchRun, "files", "result"),
  "search judgements": judgements,
  "rank table": tableWith(["text", "question"], "value"),
  "rank run": finishedWith(rankRun, "files", "result"),
  lesson: finishedWith(lesson, "files"),
  "chat-adapters": having({ adapters: listOf(having({ id: isId, name: isText, model: isText })) }),
  "chat-judged": having({ pairs: listOf(having({ id: isText, prompt, chosen: isText, rejected: isText })) }),
};
