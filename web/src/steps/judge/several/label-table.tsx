import { useSignal } from "@preact/signals";
import type { MultiLabelSample } from "lowrank/jobs";
import { m } from "../../../messages/index.js";
import { forTasks } from "../../../messages/tasks.js";
import { Dialog } from "../../../parts/dialog.js";
import type { RunOf } from "../../../state/runs.js";

/** Most labels, and most texts of each kind, that are listed. */
const [LABELS, TEXTS] = [200, 100];

function Texts({ title, samples }: { title: string; samples: readonly MultiLabelSample[] }) {
  if (samples.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ol class="texts" tabIndex={0}>
        {samples.slice(0, TEXTS).map(({ text }, i) => (
          <li key={i}>{text}</li>
        ))}
      </ol>
    </>
  );
}

/** How well each label is predicted. A click on its mistakes shows the texts. */
export function LabelTable({ run }: { run: RunOf<"multi-label"> }) {
  const t = forTasks().labels;
  const open = useSignal<string | null>(null);
  const { labels, thresholdsFrom } = run.report!.result;
  const wrong = (label: string) => {
    const has = (names: readonly string[]) => names.includes(label);
    return {
      missed: run.predictions.filter((sample) => has(sample.labels) && !has(sample.predicted)),
      extra: run.predictions.filter((sample) => !has(sample.labels) && has(sample.predicted)),
    };
  };
  const shown = [...labels].sort((a, b) => b.texts - a.texts).slice(0, LABELS);
  const texts = open.value === null ? null : wrong(open.value);
  return (
    <section class="compared" aria-labelledby="labels-heading">
      <h2 id="labels-heading">{t.each}</h2>
      <p class="hint">
        {thresholdsFrom === null ? t.eachAtHalf : t.eachChosen} {t.eachHint}
      </p>
      <div class="scroll" role="region" aria-labelledby="labels-heading" tabIndex={0}>
        <table class="each-label">
          <thead>
            <tr>
              {t.eachColumns.map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map(({ label, texts, f1, precision, recall, threshold }) => {
              const { missed, extra } = wrong(label);
              const count = missed.length + extra.length;
              // Of a label that no text has, these are 0 by definition.
              const share = (value: number) => (texts === 0 ? "–" : m().share(value, texts));
              return (
                <tr key={label}>
                  <th scope="row">{label}</th>
                  <td>{m().number(texts)}</td>
                  <td>{share(f1)}</td>
                  <td>{share(precision)}</td>
                  <td>{share(recall)}</td>
                  <td>{m().odds(threshold)}</td>
                  <td>
                    <button
                      type="button"
                      class="small"
                      disabled={count === 0}
                      aria-label={t.mistakes(count, label)}
                      onClick={() => (open.value = label)}
                    >
                      {m().number(count)}
                    </button>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {texts !== null && (
        <Dialog title={t.mistakesOf(open.value!)} onClose={() => (open.value = null)}>
          <Texts title={t.missed} samples={texts.missed} />
          <Texts title={t.extra} samples={texts.extra} />
        </Dialog>
      )}
    </section>
  );
}
