import { table } from "../../engine/search/collection.js";
import { encoder } from "../../engine/search/encoder.js";
import { newJudgements } from "../../engine/search/first-five.js";
import { judgements } from "../../engine/search/judged.js";
import { searchRun, searchTraining, trainSearch } from "../../engine/search/training.js";
import { trainingPairs, untrainable } from "../../engine/search/training-pairs.js";
import { search } from "../../messages/search.js";
import { jumpTo } from "../judge/jump.js";

/** Always in sight: trains with the judgements since the last training, or says how many are missing for the first one. */
export function Again() {
  const t = search();
  const run = searchRun.value;
  const reason = untrainable.value;
  const isFirst = run === null;
  const isChanged = isFirst || newJudgements.value > 0;
  const title = isFirst ? t.start : t.trainAgain;
  const stand = () => {
    if (reason?.kind === "tooFew") return t.missing(reason.count, reason.least);
    if (reason !== null) return t.oneAnswer;
    return isFirst ? t.enough : t.sinceTraining(newJudgements.value);
  };
  if (searchTraining.progress.value !== null || run?.status === "paused") return null;
  if (isFirst && judgements.value.length === 0) return null;
  const begin = () => {
    jumpTo("own-training");
    const isQuick = run?.spec.steps !== undefined;
    void trainSearch(
      { name: table.value!.name, pairs: trainingPairs.value, encoder: encoder.value },
      isQuick ? "quick" : "normal",
    );
  };
  return (
    <div class="retrain" data-changed={isChanged} role="group" aria-label={title}>
      <p>{stand()}</p>
      {reason === null && (
        <button type="button" class={isChanged ? "primary" : ""} onClick={begin}>
          {title}
        </button>
      )}
    </div>
  );
}
