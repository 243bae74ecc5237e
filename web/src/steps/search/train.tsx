import { useSignal } from "@preact/signals";
import { table } from "../../engine/search/collection.js";
import { indexedAdapter, indexing, indexProblem, makeIndexes } from "../../engine/search/indexing.js";
import { trainingPairs, untrainable } from "../../engine/search/training-pairs.js";
import {
  type Effort,
  forgetSearchRun,
  goOnSearch,
  pauseSearch,
  searchRun,
  searchTraining,
  trainProblem,
  trainSearch,
} from "../../engine/search/training.js";
import { m } from "../../messages/index.js";
import { search } from "../../messages/search.js";
import { Meter } from "../../parts/meter.js";
import { Problem } from "../../parts/problem.js";
import { JobLive } from "../train/job-live.js";
import { Quality } from "./quality.js";

/** Starts a training, or says why there can be none. */
function Begin() {
  const t = search();
  const effort = useSignal<Effort>("normal");
  const reason = untrainable.value;
  const has = searchRun.value?.status === "finished";
  return (
    <form
      class="prepared"
      onSubmit={(event) => {
        event.preventDefault();
        void trainSearch(table.value!.name, trainingPairs.value, effort.value);
      }}
    >
      {reason !== null ? (
        <p class="hint" id="untrainable">
          {reason.kind === "tooFew" ? t.tooFew(reason.count, reason.least) : t.oneAnswer}
        </p>
      ) : (
        <fieldset>
          <legend class="hidden">{m().train.effort}</legend>
          {(["quick", "normal"] as const).map((name) => (
            <label class="check" key={name}>
              <input
                type="radio"
                name="search-effort"
                checked={effort.value === name}
                onChange={() => (effort.value = name)}
              />
              {t.efforts[name]}
            </label>
          ))}
        </fieldset>
      )}
      <button
        class={has ? "" : "primary"}
        disabled={reason !== null}
        aria-describedby={reason === null ? undefined : "untrainable"}
      >
        {has ? t.trainAgain : t.start}
      </button>
    </form>
  );
}

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
  const now = searchRun.value;
  const progress = searchTraining.value;
  return (
    <section class="train-search" aria-labelledby="train-search">
      <h2 id="train-search">{t.trainHeading}</h2>
      {trainProblem.value !== null && <Problem error={trainProblem.value} title={m().train.failed} />}
      {progress !== null ? (
        <JobLive progress={progress} curves={now!} phases={t.phases} onPause={pauseSearch} />
      ) : now?.status === "paused" ? (
        <div class="paused">
          <p>{m().train.unfinished(now.name)}</p>
          <div class="actions">
            <button type="button" class="primary" onClick={() => void goOnSearch(now)}>
              {m().train.goOn}
            </button>
            <button type="button" onClick={() => void forgetSearchRun()}>
              {m().train.discard}
            </button>
          </div>
        </div>
      ) : (
        <>
          {now !== null ? (
            <>
              <p>
                {t.trainedOn(now.name)}{" "}
                <button type="button" class="small" onClick={() => void forgetSearchRun()}>
                  {t.forget}
                </button>
              </p>
              {indexedAdapter.value === null && <Adding />}
              {now.result !== null && <Quality run={now} />}
            </>
          ) : (
            <p class="hint">{t.trainIntro}</p>
          )}
          <Begin />
        </>
      )}
    </section>
  );
}
