import { useSignal } from "@preact/signals";
import { adaptedOf, hasHead, headOf, type Prediction, predictAll } from "../../engine/classify.js";
import { m } from "../../messages/index.js";
import { Problem } from "../../parts/problem.js";
import type { Run } from "../../state/runs.js";

interface Answer {
  readonly text: string;
  readonly adapted: Prediction;
  /** Null while the head alone is fitted, or where it cannot be. */
  readonly head: Prediction | null;
}

/** Classes that are shown of an answer. */
const SHOWN = 5;

function Odds({ prediction, title, kind }: { prediction: Prediction; title: string; kind: string }) {
  const best = Object.entries(prediction.probabilities).sort(([, a], [, b]) => b - a);
  return (
    <div class={`odds ${kind}`}>
      <h3>{title}</h3>
      <ul>
        {best.slice(0, SHOWN).map(([label, probability]) => (
          <li key={label}>
            <span class="name">{label}</span>
            <span class="number">{m().percent(probability)}</span>
            <span class="fill" aria-hidden="true" style={{ inlineSize: `${100 * probability}%` }} />
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A sentence of the person's own, answered by head and adapter, and by the head alone. */
export function Ask({ run }: { run: Run }) {
  const t = m().judge;
  const text = useSignal("");
  const busy = useSignal<string | null>(null);
  const answer = useSignal<Answer | null>(null);
  const error = useSignal<unknown>(null);
  const ask = async (event: Event) => {
    event.preventDefault();
    const asked = text.value.trim();
    if (asked === "" || busy.value !== null) return;
    error.value = null;
    busy.value = t.asking;
    try {
      const [adapted] = await predictAll(await adaptedOf(run), [asked]);
      answer.value = { text: asked, adapted: adapted!, head: null };
      if (!hasHead(run)) return;
      busy.value = t.fitting;
      const [head] = await predictAll(await headOf(run), [asked]);
      answer.value = { text: asked, adapted: adapted!, head: head! };
    } catch (reason) {
      error.value = reason;
    } finally {
      busy.value = null;
    }
  };
  return (
    <section class="ask" aria-labelledby="ask-heading">
      <h2 id="ask-heading">{t.tryHeading}</h2>
      <form onSubmit={(event) => void ask(event)}>
        <label>
          <span class="hidden">{t.tryLabel}</span>
          <input
            value={text.value}
            placeholder={t.tryLabel}
            onInput={(event) => (text.value = event.currentTarget.value)}
          />
        </label>
        <button class="primary" disabled={busy.value !== null}>
          {t.tryDo}
        </button>
      </form>
      <p class="hint" role="status">
        {busy.value}
      </p>
      {error.value !== null && <Problem error={error.value} title="" />}
      {answer.value !== null && (
        <div class="answers">
          <blockquote>{answer.value.text}</blockquote>
          {answer.value.head !== null && <Odds prediction={answer.value.head} title={t.head} kind="head" />}
          <Odds prediction={answer.value.adapted} title={t.adapted} kind="adapter" />
        </div>
      )}
    </section>
  );
}
