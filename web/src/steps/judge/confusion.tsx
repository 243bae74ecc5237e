import { useSignal } from "@preact/signals";
import { m } from "../../messages/index.js";
import { Dialog } from "../../parts/dialog.js";
import type { RunOf } from "../../state/runs.js";
import { Correct } from "./correct.js";

type Sample = RunOf<"classify">["predictions"][number];

/** Above this number of labels, the table of all pairs is replaced by a list. */
const MOST = 12;
/** Most pairs in that list. */
const PAIRS = 20;
/** Most texts that are listed for a cell. */
const LISTED = 200;

/** The most frequent mistakes, for more labels than a table can show. A click shows the texts. */
function Mistakes({ run, onOpen }: { run: RunOf<"classify">; onOpen: (label: string, predicted: string) => void }) {
  const t = m().judge;
  const counts = new Map<string, { label: string; predicted: string; count: number }>();
  for (const { label, predicted } of run.predictions) {
    if (label === predicted) continue;
    const pair = counts.get(JSON.stringify([label, predicted])) ?? { label, predicted, count: 0 };
    counts.set(JSON.stringify([label, predicted]), { ...pair, count: pair.count + 1 });
  }
  const pairs = [...counts.values()].sort((a, b) => b.count - a.count).slice(0, PAIRS);
  if (pairs.length === 0) return <p class="fine">{t.noMistakes}</p>;
  return (
    <>
      <p class="hint">{t.mistakes}</p>
      <ul class="pairs">
        {pairs.map(({ label, predicted, count }) => (
          <li key={JSON.stringify([label, predicted])}>
            <button
              type="button"
              class="bar-of"
              aria-label={t.cell(count, label, predicted)}
              onClick={() => onOpen(label, predicted)}
            >
              <span class="name">
                {label} → {predicted}
              </span>
              <span class="number">{m().number(count)}</span>
              <span class="fill" style={{ inlineSize: `${(100 * count) / pairs[0]!.count}%` }} />
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Test texts with one label and one prediction, the surest first; labels of mistakes can be corrected. */
function CellTexts({ texts }: { texts: readonly Sample[] }) {
  const surest = [...texts].sort((a, b) => b.probability - a.probability).slice(0, LISTED);
  return (
    <ol class="texts" tabIndex={0}>
      {surest.map((sample, i) => (
        <li key={i}>
          <span>{sample.text}</span> <span class="odds">{m().odds(sample.probability)}</span>
          {sample.label !== sample.predicted && (
            <div class="actions">
              <Correct one={sample} others={texts} />
            </div>
          )}
        </li>
      ))}
    </ol>
  );
}

/** The confusion matrix. A click on a cell shows its texts. */
export function ConfusionTable({ run }: { run: RunOf<"classify"> }) {
  const t = m().judge;
  const open = useSignal<readonly [string, string] | null>(null);
  const labels = run.report!.data.labels;
  const cell = (label: string, predicted: string) =>
    run.predictions.filter((sample) => sample.label === label && sample.predicted === predicted);
  const most = Math.max(...labels.map((label) => run.predictions.filter((sample) => sample.label === label).length), 1);
  const texts = open.value === null ? [] : cell(...open.value);
  return (
    <section class="confusion" aria-labelledby="confusion-heading">
      <h2 id="confusion-heading">{t.confusion}</h2>
      {labels.length > MOST ? (
        <Mistakes run={run} onOpen={(label, predicted) => (open.value = [label, predicted])} />
      ) : (
        <>
          <p class="hint">{t.confusionHint}</p>
          <div class="scroll" role="region" aria-labelledby="confusion-heading" tabIndex={0}>
            <table>
              <thead>
                <tr>
                  <th scope="col" class="corner">
                    <span>{t.truth} ↓</span> <span>{t.said} →</span>
                  </th>
                  {labels.map((label) => (
                    <th key={label} scope="col">
                      {label}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {labels.map((label) => (
                  <tr key={label}>
                    <th scope="row">{label}</th>
                    {labels.map((predicted) => {
                      const { length } = cell(label, predicted);
                      return (
                        <td key={predicted}>
                          <button
                            type="button"
                            disabled={length === 0}
                            data-right={label === predicted}
                            style={{ "--share": `${Math.round((100 * length) / most)}%` }}
                            aria-label={t.cell(length, label, predicted)}
                            onClick={() => (open.value = [label, predicted])}
                          >
                            {m().number(length)}
                          </button>
                        </td>
                      );
                    })}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
      {open.value !== null && (
        <Dialog title={t.texts(...open.value)} onClose={() => (open.value = null)}>
          <CellTexts texts={texts} />
        </Dialog>
      )}
    </section>
  );
}
