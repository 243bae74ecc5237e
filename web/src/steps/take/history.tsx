import { disposeRun } from "../../engine/classify.js";
import { discard } from "../../engine/train.js";
import { elsewhere } from "../../state/elsewhere.js";
import { training } from "../../state/training.js";
import { downloads } from "../../messages/downloads.js";
import { m } from "../../messages/index.js";
import { chooseRun, type Run, run as shown, runs } from "../../state/runs.js";
import { summaryOf } from "./summary.js";
import { go } from "../../state/view.js";

/** All runs stored in this browser. */
export function History() {
  const t = downloads();
  const { historyColumns: columns, statuses } = t;
  const forget = async (run: Run) => {
    if (!confirm(t.forgetAsk(run.name))) return;
    await disposeRun(run.id);
    await discard(run);
  };
  return (
    <section class="history" aria-labelledby="history-heading">
      <h2 id="history-heading">{t.history}</h2>
      {runs.value.length === 0 ? (
        <p class="hint">{t.noRuns}</p>
      ) : (
        <div class="scroll" role="region" aria-labelledby="history-heading" tabIndex={0}>
          <table>
            <thead>
              <tr>
                {Object.entries(columns).map(([name, title]) => (
                  <th key={name} scope="col" class={name}>
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {runs.value.map((run) => {
                const [head, result] = summaryOf(run);
                return (
                  <tr key={run.id} data-shown={run.id === shown.value?.id}>
                    <th scope="row">{run.name}</th>
                    <td class="when">{m().date(run.began)}</td>
                    <td class="rows" data-title={columns.rows}>
                      {run.examples > 0 ? m().number(run.examples) : "–"}
                    </td>
                    <td class="head" data-title={columns.head}>
                      {head ?? "–"}
                    </td>
                    <td class="result" data-title={columns.result}>
                      {elsewhere.value.has(run.id) ? t.elsewhere : (result ?? statuses[run.status])}
                    </td>
                    <td class="actions">
                      {run.id === shown.value?.id ? (
                        <span class="tag">{t.shown}</span>
                      ) : (
                        run.files !== null && (
                          <button type="button" class="small" onClick={() => (chooseRun(run.id), go("judge"))}>
                            {t.open}
                          </button>
                        )
                      )}
                      <button
                        type="button"
                        class="small quiet"
                        disabled={training.value?.run.id === run.id || elsewhere.value.has(run.id)}
                        onClick={() => void forget(run)}
                      >
                        {t.forget}
                      </button>
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
