import { useEffect } from "preact/hooks";
import { MOST_TEXTS } from "../../data/search-texts.js";
import { encoders } from "../../engine/encoders.js";
import { findCollection, isSearchable, table, texts } from "../../engine/search/collection.js";
import { choice, chooseEncoder, encoder, languages } from "../../engine/search/encoder.js";
import { indexed, indexing, indexProblem, makeIndexes, stopIndexing } from "../../engine/search/indexing.js";
import { findJudgements } from "../../engine/search/judged.js";
import { findSearchRun, searchRun } from "../../engine/search/training.js";
import { m } from "../../messages/index.js";
import { search } from "../../messages/search.js";
import { Icon } from "../../parts/icons.js";
import { Meter } from "../../parts/meter.js";
import { Problem } from "../../parts/problem.js";
import { TextLanguage } from "../../parts/text-language.js";
import { Again } from "./again.js";
import { Ask } from "./ask.js";
import { Bring } from "./bring.js";
import { CollectionBar } from "./collection-bar.js";
import { Judged } from "./judged.js";
import { Take } from "./take.js";
import { Train } from "./train.js";
import "../../style/search.css";

/** Why the texts cannot be searched, what is to be chosen first, or how far the index is. */
function NotYet() {
  const t = search();
  const count = texts.value!.texts.length;
  if (!isSearchable.value)
    return (
      <p class="problem" role="alert">
        <Icon name="stop" /> {count === 0 ? t.noTexts : t.tooMany(count, MOST_TEXTS)}
      </p>
    );
  if (choice.value === "open")
    return (
      <div class="paused">
        <p>{t.chooseModel}</p>
        <button type="button" onClick={() => chooseEncoder("english")}>
          {t.useEnglish(m().size(encoders.english.download))}
        </button>
      </div>
    );
  if (choice.value === "recognising")
    return (
      <p class="hint" role="status">
        {t.recognising}
      </p>
    );
  const now = indexing.value;
  if (now === null)
    return (
      <div class="paused">
        {indexProblem.value === null ? <p>{t.stopped}</p> : <Problem error={indexProblem.value} title={t.notIndexed} />}
        <button type="button" onClick={() => void makeIndexes()}>
          {t.again}
        </button>
      </div>
    );
  const { of, left } = m().train;
  return (
    <div class="learning">
      <p class="name" role="status">
        {t.indexing}
      </p>
      <Meter done={now.done / now.total} label={t.indexing} />
      <p class="facts">
        <span>{of(now.done, now.total)}</span>
        {now.secondsLeft !== null && <span>{left(m().duration(now.secondsLeft))}</span>}
      </p>
      <button type="button" onClick={stopIndexing}>
        {t.stop}
      </button>
    </div>
  );
}

/** Search by meaning in texts that the user brings. */
export function SearchPage() {
  // The run first: its adapter then reads the texts too.
  useEffect(() => void Promise.all([findSearchRun(), findJudgements()]).then(findCollection), []);
  if (table.value === null)
    return (
      <div class="search">
        <Bring />
        {searchRun.value !== null && <Train />}
      </div>
    );
  return (
    <div class="search">
      <CollectionBar />
      <TextLanguage found={languages.value} encoder={encoder.value} choose={chooseEncoder} />
      {indexed.value ? (
        <>
          <Ask />
          <Judged />
          <div class="beside">
            <Train />
            <Take />
          </div>
          <Again />
        </>
      ) : (
        <NotYet />
      )}
    </div>
  );
}
