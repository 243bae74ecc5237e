import { signal, useSignal } from "@preact/signals";
import { type Doubt, doubts, findDoubts } from "../../engine/doubts.js";
import { m } from "../../messages/index.js";
import { Icon } from "../../parts/icons.js";
import { Meter } from "../../parts/meter.js";
import { Problem } from "../../parts/problem.js";
import { mendRow, removeRows, rows } from "../../state/project.js";
import type { Run } from "../../state/runs.js";
import { tell } from "../../state/view.js";

const LISTED = 30;
/** Rows that were mended since the page was opened. */
const mended = signal(0);

function One({ doubt }: { doubt: Doubt }) {
  const t = m().judge;
  const { text, label, predicted, own, unseen } = doubt;
  const there = rows.value.filter((row) => row.text === text && row.label === label);
  const act = (work: () => void) => {
    work();
    mended.value++;
    tell(t.mended, true);
  };
  return (
    <li>
      <p class="text">{text}</p>
      <p class="facts">
        <span>{t.doubtRow(label, predicted)}</span>
        <span>{t.odds(m().percent(own))}</span>
        <span>{unseen ? t.unseen : t.learnt}</span>
      </p>
      <div class="actions">
        {there.length === 0 ? (
          <span class="hint">{t.gone}</span>
        ) : (
          <>
            <button
              type="button"
              class="small"
              onClick={() => act(() => there.forEach(({ id }) => mendRow(id, { label: predicted })))}
            >
              {t.accept(predicted)}
            </button>
            <button type="button" class="small" onClick={() => act(() => removeRows(there.map(({ id }) => id)))}>
              {t.remove}
            </button>
          </>
        )}
      </div>
    </li>
  );
}

/** Rows whose label the model doubts, to mend before the next run. */
export function Doubts({ run }: { run: Run }) {
  const t = m().judge;
  const error = useSignal<unknown>(null);
  const found = doubts.value[run.id];
  const look = () => void findDoubts(run).catch((reason: unknown) => (error.value = reason));
  return (
    <section class="doubts" aria-labelledby="doubts-heading">
      <h2 id="doubts-heading">{t.doubts}</h2>
      <p class="hint">{t.doubtsHint}</p>
      {error.value !== null && <Problem error={error.value} title="" />}
      {found === undefined && (
        <button type="button" onClick={look}>
          {t.findDoubts}
        </button>
      )}
      {typeof found === "number" && <Meter done={found} label={t.finding(m().percent(found))} />}
      {typeof found === "object" && found.length === 0 && (
        <p class="fine">
          <Icon name="check" /> {t.noDoubts}
        </p>
      )}
      {typeof found === "object" && found.length > 0 && (
        <>
          <p class="facts">{t.showing(Math.min(LISTED, found.length), found.length)}</p>
          <ol>
            {found.slice(0, LISTED).map((doubt, i) => (
              <One key={i} doubt={doubt} />
            ))}
          </ol>
        </>
      )}
      {mended.value > 0 && (
        <p class="retrain">
          {t.retrain(mended.value)}{" "}
          <a class="button" href="#train" onClick={() => (mended.value = 0)}>
            {t.trainAgain}
          </a>
        </p>
      )}
    </section>
  );
}
