import { table } from "../../engine/search/collection.js";
import { encoder } from "../../engine/search/encoder.js";
import { indexedAdapter, indexing, indexProblem, isOfOtherModel, makeIndexes } from "../../engine/search/indexing.js";
import { searchTraining, trainSearch } from "../../engine/search/training.js";
import { trainingPairs, untrainable } from "../../engine/search/training-pairs.js";
import { search } from "../../messages/search.js";
import { Meter } from "../../parts/meter.js";
import { Problem } from "../../parts/problem.js";
import { OwnTraining } from "../train/own-training.js";
import { Quality } from "./quality.js";

/** How far the texts are read with the adapter. */
function Adding() {
  const t = search();
  const now = indexing.value;
  if (now === null)
    return (
      <div class="paused">
        {indexProblem.value !== null && <Problem error={indexProblem.value} title={t.notIndexed} />}
        <button type="button" onClick={() => void makeIndexes()}>
          {t.again}
        </button>
      </div>
    );
  return (
    <div class="learning">
      <p class="name" role="status">
        {t.adding}
      </p>
      <Meter done={now.done / now.total} label={t.adding} />
    </div>
  );
}

/** Training on the pairs, and what it gave. */
export function Train() {
  const t = search();
  const now = searchTraining.run.value;
  const given = table.value;
  const reason = given && untrainable.value;
  return (
    <OwnTraining
      of={searchTraining}
      texts={t}
      untrainable={reason && (reason.kind === "tooFew" ? t.tooFew(reason.count, reason.least) : t.oneAnswer)}
      begin={
        given &&
        ((effort) => void trainSearch({ name: given.name, pairs: trainingPairs.value, encoder: encoder.value }, effort))
      }
    >
      {given !== null && isOfOtherModel.value && <p>{t.otherModel}</p>}
      {given !== null && !isOfOtherModel.value && indexedAdapter.value === null && <Adding />}
      {now !== null && now.result !== null && <Quality run={now} />}
    </OwnTraining>
  );
}
