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
import type { RunOf } from "../../state/runs.js";
import { AskForm } from "./ask-form.js";
import { Odds } from "./odds.js";

interface Answer {
  /** Cosine similarity to each label's name; null if there are so many labels that this takes longer than the answer. */
  readonly nearest: readonly (readonly [string, number])[] | null;
  readonly adapted: Prediction;
  /** Null while the head-only model is trained, or if it cannot be. */
  readonly head: Prediction | null;
}

/** Most labels whose names are compared with the sentence. */
const NAMES = 200;

const bestOf = (prediction: Prediction | null) =>
  prediction && Object.entries(prediction.probabilities).sort(([, a], [, b]) => b - a);

/** A sentence of the user, answered by the untrained model, the head-only model and the adapted model. */
export function Ask({ run }: { run: RunOf<"classify"> }) {
  const t = m().judge;
  const ask = async (text: string, show: (answer: Answer) => void, say: (what: string) => void) => {
    const [adapted] = await recovering(async () => predictAll(await adaptedOf(run), [text]));
    const nearest = run.labels.length > NAMES ? null : await nearestNames(run, text);
    const known = { nearest, adapted: adapted! };
    show({ ...known, head: null });
    if (!hasHead(run)) return;
    say(t.fitting);
    const [head] = await predictAll(await headOf(run), [text]);
    show({ ...known, head: head! });
  };
  return (
    <AskForm ask={ask}>
      {({ nearest, head, adapted }) => (
        <>
          {nearest !== null && (
            <Odds
              kind="base"
              title={t.nearest}
              hint={t.nearestHint}
              best={nearest}
              written={(cosine) => m().decimal(cosine)}
            />
          )}
          {hasHead(run) && <Odds kind="head" title={t.head} hint={t.headAnswerHint} best={bestOf(head)} />}
          <Odds kind="adapter" title={t.adapted} hint={t.adaptedAnswerHint} best={bestOf(adapted)} />
          <p class="none hint">
            <strong>{t.noneHeading}</strong> {t.noneHint}
          </p>
        </>
      )}
    </AskForm>
  );
}
