import { type Doubt, doubts, findDoubts, keyOf } from "../../engine/doubts.js";
import { nameNow } from "../../engine/names-now.js";
import { headline } from "../../messages/headline.js";
import { m } from "../../messages/index.js";
import { FewFirst } from "../../parts/few-first.js";
import { Icon } from "../../parts/icons.js";
import type { RunOf } from "../../state/runs.js";
import { Correct, idsOf } from "./correct.js";
import { Search } from "./search.js";

const LISTED = 30;
/** If a larger share of the rows is doubtful, it is the model that is weak. */
const MANY = 1 / 3;

/** Whether each doubt of a run that is listed was answered. */
export function isChecked(run: string): boolean {
  const found = doubts.value[run];
  return typeof found === "object" && found.slice(0, LISTED).every((doubt) => idsOf(doubt).length === 0);
}

function One({ doubt, found }: { doubt: Doubt; found: readonly Doubt[] }) {
  const t = m().judge;
  return (
    <li>
      <p class="text">{doubt.text}</p>
      <p class="facts">
        <span>{t.doubtRow(nameNow(doubt.label), nameNow(doubt.predicted))}</span>
        <span>{t.odds(m().odds(doubt.own))}</span>
      </p>
      <div class="actions">
        <Correct one={doubt} others={found} />
      </div>
    </li>
  );
}

/** Rows whose label may be wrong, to correct before the next run. */
export function Doubts({ run }: { run: RunOf<"classify"> }) {
  const t = m().judge;
  return (
    <section class="doubts" aria-labelledby="doubts-heading">
      <h2 id="doubts-heading">{t.doubts}</h2>
      <p class="hint">{t.doubtsHint}</p>
      <Search
        id={`doubts ${run.id}`}
        found={doubts.value[run.id]}
        begin={t.findDoubts}
        find={(signal) => findDoubts(run, signal)}
      >
        {(found) =>
          found.length === 0 ? (
            <p class="fine">
              <Icon name="check" /> {t.noDoubts}
            </p>
          ) : (
            <>
              {found.length > MANY * run.examples && (
                <p class="hint warn">{headline().manyDoubts(m().wholePercent(found.length / run.examples))}</p>
              )}
              <p class="facts">{t.showing(Math.min(LISTED, found.length), found.length)}</p>
              <FewFirst labelledBy="doubts-heading">
                {found.slice(0, LISTED).map((doubt) => (
                  <One key={keyOf(doubt)} doubt={doubt} found={found} />
                ))}
              </FewFirst>
            </>
          )
        }
      </Search>
    </section>
  );
}
