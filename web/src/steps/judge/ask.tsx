import { useSignal } from "@preact/signals";
import {
  adaptedOf,
  hasHead,
  headOf,
  nearestNames,
  type Prediction,
  predictAll,
  recovering,
} from "../../engine/classify.js";
import { m } from "../../messages/index.js";
import { Problem } from "../../parts/problem.js";
import type { Run } from "../../state/runs.js";

interface Answer {
  readonly text: string;
  /** Cosine similarity to each label's name; null if there are so many labels that this takes longer than the answer. */
  readonly nearest: readonly (readonly [string, number])[] | null;
  readonly adapted: Prediction;
  /** Null while the head-only model is trained, or if it cannot be. */
  readonly head: Prediction | null;
}

/** Labels shown per answer, and most labels whose names are compared with the sentence. */
const [SHOWN, NAMES] = [5, 200];

interface OddsProps {
  readonly title: string;
  readonly hint: string;
  readonly kind: "base" | "head" | "adapter";
  /** Labels with their value, best first; null while it is computed. */
  readonly best: readonly (readonly [string, number])[] | null;
  readonly written?: (share: number) => string;
}

const bestOf = (prediction: Prediction | null) =>
  prediction && Object.entries(prediction.probabilities).sort(([, a], [, b]) => b - a);

function Odds({ title, hint, kind, best, written = m().percent }: OddsProps) {
  return (
    <div class={`odds ${kind}`} aria-busy={best === null}>
      <h3>{title}</h3>
      <p class="hint">{hint}</p>
      <ul>
        {(best ?? []).slice(0, SHOWN).map(([label, share]) => (
          <li key={label}>
            <span class="name">{label}</span>
            <span class="number">{written(share)}</span>
            <span class="fill" aria-hidden="true" style={{ inlineSize: `${100 * Math.max(share, 0)}%` }} />
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A sentence of the user, answered by the untrained model, the head-only model and the adapted model. */
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
      const [adapted] = await recovering(async () => predictAll(await adaptedOf(run), [asked]));
      const nearest = run.labels.length > NAMES ? null : await nearestNames(run.labels, asked);
      const known = { text: asked, nearest, adapted: adapted! };
      answer.value = { ...known, head: null };
      if (!hasHead(run)) return;
      busy.value = t.fitting;
      const [head] = await predictAll(await headOf(run), [asked]);
      answer.value = { ...known, head: head! };
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
          {answer.value.nearest !== null && (
            <Odds
              kind="base"
              title={t.nearest}
              hint={t.nearestHint}
              best={answer.value.nearest}
              written={(cosine) => m().decimal(cosine)}
            />
          )}
          {hasHead(run) && <Odds kind="head" title={t.head} hint={t.headAnswerHint} best={bestOf(answer.value.head)} />}
          <Odds kind="adapter" title={t.adapted} hint={t.adaptedAnswerHint} best={bestOf(answer.value.adapted)} />
        </div>
      )}
    </section>
  );
}
