import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { textsOf } from "../../data/judged-rows.js";
import { judged } from "../../engine/rank/collection.js";
import { type Ordered, orderTexts, type Placed } from "../../engine/rank/ordering.js";
import { rankRun } from "../../engine/rank/training.js";
import { m } from "../../messages/index.js";
import { rank } from "../../messages/rank.js";
import { Problem } from "../../parts/problem.js";

/** Questions that are offered, and the texts that come with one. */
const [OFFERED, MOST_TEXTS] = [4, 20];

/** Some questions of the table; after training, of those that it was not trained on. */
function offered(): readonly string[] {
  const { ordered } = judged.value!;
  const { status, heldOut = [] } = rankRun.value ?? {};
  const own = heldOut.filter((question) => ordered.includes(question));
  return (status === "finished" && own.length > 0 ? own : ordered).slice(0, OFFERED);
}

/** Texts in one order, with the marks of those that fit by the table. */
function Order({
  kind,
  title,
  texts,
  fitting,
}: {
  kind: "base" | "adapter";
  title: string;
  texts: readonly Placed[];
  fitting: ReadonlySet<string>;
}) {
  const t = rank();
  return (
    <section class={`hits ${kind}`} aria-label={title}>
      <h3>{title}</h3>
      <ol>
        {texts.map(({ text, score }, i) => (
          <li key={i} data-right={fitting.has(text)}>
            <p class="text">{text}</p>
            <div class="facts">
              <span class="score">{t.scores[kind](m().decimal(score))}</span>
              {fitting.has(text) && <span class="fine">✓ {t.fits}</span>}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** A question and some texts, which are ordered by how well they fit. */
export function Ask() {
  const t = rank();
  const question = useSignal("");
  const lines = useSignal("");
  const busy = useSignal(false);
  const error = useSignal<unknown>(null);
  const found = useSignal<Ordered | null>(null);
  const run = rankRun.value;
  const reranker = run?.status === "finished" ? run.id : null;
  // An order by another reranker, or without this one.
  useEffect(() => void (found.value = null), [reranker]);
  const texts = lines.value
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  const order = async () => {
    busy.value = true;
    error.value = null;
    try {
      found.value = await orderTexts(question.value.trim(), [...new Set(texts)]);
    } catch (reason) {
      error.value = reason;
    } finally {
      busy.value = false;
    }
  };
  const take = (asked: string) => {
    question.value = asked;
    // A line is a text.
    lines.value = textsOf(judged.value!, asked, MOST_TEXTS)
      .map(({ text }) => text.replace(/\s+/g, " "))
      .join("\n");
  };
  const now = found.value;
  const { middle } = judged.value!;
  const known = now === null ? [] : textsOf(judged.value!, now.question, Infinity);
  const fitting = new Set(known.filter(({ label }) => label > middle).map(({ text }) => text.replace(/\s+/g, " ")));
  return (
    <section class="ask-for" aria-labelledby="try-order">
      <h2 id="try-order">{t.tryHeading}</h2>
      <div class="offered" role="group" aria-label={t.offered}>
        <span class="hint">{t.offered}</span>
        {offered().map((asked) => (
          <button type="button" class="small" key={asked} onClick={() => take(asked)}>
            {asked}
          </button>
        ))}
      </div>
      <form class="to-order" onSubmit={(event) => (event.preventDefault(), void order())}>
        <label>
          {t.question}
          <input value={question.value} onInput={(event) => (question.value = event.currentTarget.value)} />
        </label>
        <label>
          {t.texts}
          <textarea rows={5} value={lines.value} onInput={(event) => (lines.value = event.currentTarget.value)} />
        </label>
        <button class="primary" disabled={busy.value || question.value.trim() === "" || texts.length < 2}>
          {busy.value ? t.ordering : t.order}
        </button>
      </form>
      {error.value !== null && <Problem error={error.value} title={t.notOrdered} />}
      {now !== null && (
        <div class="results" aria-live="polite">
          <h2>{t.results(now.question)}</h2>
          <div class="beside">
            <Order kind="base" title={t.base} texts={now.base} fitting={fitting} />
            {now.trained !== null && <Order kind="adapter" title={t.trained} texts={now.trained} fitting={fitting} />}
          </div>
          <p class="hint">{t.scoreHint}</p>
        </div>
      )}
    </section>
  );
}
