import { table } from "../../engine/search/collection.js";
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
  if (searchTraining.progress.value !== null || run?.status === "paused") return null;
  if (isFirst && judgements.value.length === 0) return null;
  const begin = () => {
    jumpTo("own-training");
    const isQuick = run?.spec.steps !== undefined;
    void trainSearch(table.value!.name, trainingPairs.value, isQuick ? "quick" : "normal");
  };
  return (
    <div
      class="retrain"
      data-changed={isFirst || newJudgements.value > 0}
      role="group"
      aria-label={isFirst ? t.start : t.trainAgain}
    >
      <p>
        {reason === null
          ? isFirst
            ? t.enough
            : t.sinceTraining(newJudgements.value)
          : reason.kind === "tooFew"
            ? t.missing(reason.count, reason.least)
            : t.oneAnswer}
      </p>
      {reason === null && (
        <button type="button" class={isFirst || newJudgements.value > 0 ? "primary" : ""} onClick={begin}>
          {isFirst ? t.start : t.trainAgain}
        </button>
      )}
    </div>
  );
}
