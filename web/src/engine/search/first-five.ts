import { computed, effect, untracked } from "@preact/signals";
import { plain } from "../../data/rows.js";
import { texts } from "./collection.js";
import { hitsOf, SHOWN } from "./finding.js";
import { indexedAdapter } from "./indexing.js";
import { judgementOf, judgements, keyOf } from "./judged.js";
import { type FirstFive, searchRun, searchTraining } from "./training.js";

/** Most questions that are counted, and questions per search. */
const [MOST, CHUNK] = [200, 20];

/** The questions of the last training that it was not trained on, of the texts that are searched; of many, some that are evenly spaced. */
function questions(): readonly string[] {
  const { answers } = texts.value!;
  const all = searchRun.value!.heldOut.filter((question) => answers.has(plain(question)));
  const count = Math.min(MOST, all.length);
  return Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]!);
}

/** Counts the questions with a right text among the first five, before and after training. Null if other texts came meanwhile. */
async function count(): Promise<FirstFive | null> {
  const [now, adapter, all] = [texts.value!, indexedAdapter.value, questions()];
  let [before, after] = [0, 0];
  for (let at = 0; at < all.length; at += CHUNK) {
    const found = await hitsOf(all.slice(at, at + CHUNK), SHOWN);
    if (texts.value !== now || indexedAdapter.value !== adapter) return null;
    for (const { query, base, adapted } of found) {
      const right = now.answers.get(plain(query))!;
      const has = (hits: readonly { readonly id: number }[]) => hits.some(({ id }) => right.has(id));
      if (has(base)) before++;
      if (has(adapted!)) after++;
    }
  }
  return { before, after, questions: all.length };
}

/** Whether the result of the last training can be counted with the texts that are searched. */
export const isCountable = computed(() => {
  if (indexedAdapter.value === null || searchRun.value === null) return false;
  return searchRun.value.firstFive === undefined && questions().length > 0;
});

// Once the texts were read with a new adapter.
effect(() => {
  if (!isCountable.value) return;
  untracked(() => {
    const { id } = searchRun.value!;
    count()
      .then((firstFive) => {
        const now = searchRun.value;
        if (firstFive !== null && now?.id === id) return searchTraining.remember({ ...now, firstFive });
      })
      .catch(() => undefined);
  });
});

/** Number of judgements that the last training did not have. */
export const newJudgements = computed(() => {
  const judged = searchRun.value?.judged ?? [];
  const used = new Map(judged.map(({ query, text, right }) => [keyOf(query, text), right]));
  const changed = judgements.value.filter(({ query, text, right }) => used.get(keyOf(query, text)) !== right);
  const gone = judged.filter(({ query, text }) => judgementOf(query, text) === null);
  return changed.length + gone.length;
});
