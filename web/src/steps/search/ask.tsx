import { useSignal } from "@preact/signals";
import { plain } from "../../data/rows.js";
import { texts } from "../../engine/search/collection.js";
import { found, search as find, SHOWN } from "../../engine/search/finding.js";
import { searchRun } from "../../engine/search/training.js";
import { search } from "../../messages/search.js";
import { Problem } from "../../parts/problem.js";
import { Hits } from "./hits.js";

/** Questions that are offered. */
const OFFERED = 4;

/** Some questions of the table, evenly spaced; after training, of those that it was not trained on. */
function offered(): { questions: readonly string[]; isHeldOut: boolean } {
  const { pairs, answers } = texts.value!;
  const run = searchRun.value;
  const heldOut = run?.status === "finished" ? run.heldOut.filter((question) => answers.has(plain(question))) : [];
  const isHeldOut = heldOut.length > 0;
  const all = isHeldOut ? heldOut : pairs.map(({ question }) => question);
  const some = Array.from(
    { length: Math.min(OFFERED, all.length) },
    (_, i) => all[Math.floor((i * all.length) / OFFERED)]!,
  );
  return { questions: [...new Set(some)], isHeldOut };
}

/** A query, and the texts that are most similar to it. */
export function Ask() {
  const t = search();
  const query = useSignal(found.value?.query ?? "");
  const busy = useSignal(false);
  const error = useSignal<unknown>(null);
  const ask = async (asked: string) => {
    query.value = asked;
    if (asked.trim() === "") return;
    busy.value = true;
    error.value = null;
    try {
      await find(asked.trim());
    } catch (reason) {
      error.value = reason;
    } finally {
      busy.value = false;
    }
  };
  const { questions, isHeldOut } = offered();
  const now = found.value;
  return (
    <div class="ask-for">
      <form onSubmit={(event) => (event.preventDefault(), void ask(query.value))}>
        <label>
          {t.query}
          <input
            type="search"
            placeholder={t.placeholder}
            value={query.value}
            onInput={(event) => (query.value = event.currentTarget.value)}
          />
        </label>
        <button class="primary" disabled={busy.value || query.value.trim() === ""}>
          {busy.value ? t.searching : t.search}
        </button>
      </form>
      {questions.length > 0 && (
        <div class="offered" role="group" aria-label={isHeldOut ? t.heldOut : t.examples}>
          <span class="hint">{isHeldOut ? t.heldOut : t.examples}</span>
          {questions.map((question) => (
            <button type="button" class="small" key={question} onClick={() => void ask(question)}>
              {question}
            </button>
          ))}
        </div>
      )}
      {error.value !== null && <Problem error={error.value} title={t.notSearched} />}
      <p class={busy.value ? "hint" : "hidden"} role="status">
        {busy.value ? t.searching : now !== null && t.found(Math.min(SHOWN, now.base.length))}
      </p>
      {now !== null && (
        <div class="results">
          <h2>{t.results(now.query)}</h2>
          <div class="beside">
            <Hits {...now} hits={now.base} title={now.adapted === null ? t.base : t.baseOf} kind="base" />
            {now.adapted !== null && <Hits {...now} hits={now.adapted} title={t.adapted} kind="adapter" />}
          </div>
          <p class="hint">
            {t.judgeHint} {t.scoreHint}
          </p>
        </div>
      )}
    </div>
  );
}
