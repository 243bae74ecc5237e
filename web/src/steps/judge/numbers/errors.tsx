import type { NumberSample } from "lowrank/jobs";
import { m } from "../../../messages/index.js";
import { forTasks } from "../../../messages/tasks.js";
import { FewFirst } from "../../../parts/few-first.js";
import type { RunOf } from "../../../state/runs.js";
import { predictedNumber } from "./predicted-number.js";

const LISTED = 30;

/** The texts whose numbers are predicted worst. */
export function Errors({ run }: { run: RunOf<"regress"> }) {
  const t = forTasks().numbers;
  const off = ({ target, predicted }: NumberSample) => Math.abs(predicted - target);
  const worst = [...run.predictions].sort((a, b) => off(b) - off(a)).slice(0, LISTED);
  return (
    <section class="doubts" aria-labelledby="errors-heading">
      <h2 id="errors-heading">{t.errors}</h2>
      <p class="hint">{t.errorsHint}</p>
      <FewFirst labelledBy="errors-heading">
        {worst.map(({ text, target, predicted }, i) => (
          <li key={i}>
            <p class="text">{text}</p>
            <p class="facts">
              <span>{t.said(m().plainNumber(target), predictedNumber(run, predicted))}</span>
            </p>
          </li>
        ))}
      </FewFirst>
    </section>
  );
}
