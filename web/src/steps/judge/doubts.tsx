import { computed } from "@preact/signals";
import { isConfirmed } from "../../data/rows.js";
import { type Doubt, doubts, findDoubts, keyOf } from "../../engine/doubts.js";
import { m } from "../../messages/index.js";
import { FewFirst } from "../../parts/few-first.js";
import { Icon } from "../../parts/icons.js";
import { mendRows, removeRows, rows } from "../../state/project.js";
import type { RunOf } from "../../state/runs.js";
import { notify } from "../../state/view.js";
import { mend } from "./mended.js";
import { RowState } from "./row-state.js";
import { Search } from "./search.js";

const LISTED = 30;

/** The ids of the rows whose label can be doubted, by text and label. */
const open = computed(() => {
  const found = new Map<string, number[]>();
  for (const row of rows.value) {
    if (isConfirmed(row)) continue;
    const key = keyOf(row);
    const ids = found.get(key);
    if (ids === undefined) found.set(key, [row.id]);
    else ids.push(row.id);
  }
  return found;
});
const idsOf = (doubt: Doubt) => open.value.get(keyOf(doubt)) ?? [];

/** Whether each doubt of a run that is listed was answered. */
export function isChecked(run: string): boolean {
  const found = doubts.value[run];
  return typeof found === "object" && found.slice(0, LISTED).every((doubt) => idsOf(doubt).length === 0);
}

function One({ doubt, found }: { doubt: Doubt; found: readonly Doubt[] }) {
  const t = m().judge;
  const { text, label, predicted, own } = doubt;
  const ids = idsOf(doubt);
  const alike = found.filter((other) => other.label === label && other.predicted === predicted).flatMap(idsOf);
  const change = (some: readonly number[]) => mend(some.length, () => mendRows(some, { label: predicted }));
  const confirm = () => {
    mendRows(ids, { confirmed: label });
    notify(t.confirmed(label), true);
  };
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
            <button type="button" class="small" onClick={confirm}>
              {t.confirm}
            </button>
            <button type="button" class="small" onClick={() => change(ids)}>
              {t.accept(predicted)}
            </button>
            {alike.length > ids.length && (
              <button type="button" class="small" onClick={() => change(alike)}>
                {t.acceptAlike(alike.length)}
              </button>
            )}
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
