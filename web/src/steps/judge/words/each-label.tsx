import { m } from "../../../messages/index.js";
import { forTasks } from "../../../messages/tasks.js";
import type { RunOf } from "../../../state/runs.js";

/** How well each label is found. */
export function EachLabel({ run }: { run: RunOf<"tokens"> }) {
  const t = forTasks().words;
  const each = [...run.report!.result.after.perEntity].sort((a, b) => b.support - a.support);
  return (
    <section class="compared" aria-labelledby="labels-heading">
      <h2 id="labels-heading">{forTasks().labels.each}</h2>
      <p class="hint">{t.eachHint}</p>
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
            {each.map(({ label, support, f1, precision, recall }) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                <td>{m().number(support)}</td>
                {[f1, precision, recall].map((share, i) => (
                  // Of a label that no test text has, these are 0 by definition.
                  <td key={i}>{support === 0 ? "–" : m().share(share, support)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
