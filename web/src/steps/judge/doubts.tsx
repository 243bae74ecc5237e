import { type Doubt, doubts, findDoubts } from "../../engine/doubts.js";
import { m } from "../../messages/index.js";
import { FewFirst } from "../../parts/few-first.js";
import { Icon } from "../../parts/icons.js";
import { mendRows, removeRows, rows } from "../../state/project.js";
import type { RunOf } from "../../state/runs.js";
import { mend } from "./mended.js";
import { RowState } from "./row-state.js";
import { Search } from "./search.js";

const LISTED = 30;

function One({ doubt }: { doubt: Doubt }) {
  const t = m().judge;
  const { text, label, predicted, own } = doubt;
  const ids = rows.value.filter((row) => row.text === text && row.label === label).map(({ id }) => id);
  return (
    <li>
      <p class="text">{text}</p>
      <p class="facts">
        <span>{t.doubtRow(label, predicted)}</span>
        <span>{t.odds(m().percent(own))}</span>
      </p>
      <div class="actions">
        {ids.length === 0 ? (
          <RowState text={text} known={doubt.rows} />
        ) : (
          <>
            <button
              type="button"
              class="small"
              onClick={() => mend(ids.length, () => mendRows(ids, { label: predicted }))}
            >
              {t.accept(predicted)}
            </button>
            <button type="button" class="small" onClick={() => mend(ids.length, () => removeRows(ids))}>
              {t.remove(ids.length)}
            </button>
          </>
        )}
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
              <p class="facts">{t.showing(Math.min(LISTED, found.length), found.length)}</p>
              <FewFirst labelledBy="doubts-heading">
                {found.slice(0, LISTED).map((doubt) => (
                  <One key={doubt.text + doubt.label} doubt={doubt} />
                ))}
              </FewFirst>
            </>
          )
        }
      </Search>
    </section>
  );
}
