import type { NumberSample } from "lowrank/jobs";
import { m } from "../../../messages/index.js";
import { forTasks } from "../../../messages/tasks.js";

/** Most points. Of more texts, an evenly spaced sample is drawn. */
const MOST = 1000;
/** Size of the picture, and of its margins with the axes and opposite them, in its own units. */
const [SIZE, MARGIN, END] = [320, 46, 16];
/** About as many marks on each axis. */
const MARKS = 4;

/** The distance of marks at round numbers: 1, 2 or 5 times a power of ten. */
function stepOf(wide: number): number {
  const power = Number(`1e${(wide / MARKS).toExponential().split("e")[1]!}`);
  return power * [1, 2, 5, 10].find((times) => times * power * MARKS >= wide)!;
}

/** Predicted against true numbers. On the line, both are equal. */
export function Scatter({ samples }: { samples: readonly NumberSample[] }) {
  const t = forTasks().numbers;
  const every = Math.ceil(samples.length / MOST);
  const drawn = samples.filter((_, i) => i % every === 0);
  const all = drawn.flatMap(({ target, predicted }) => [target, predicted]);
  const smallest = all.reduce((a, b) => Math.min(a, b), Infinity);
  const largest = all.reduce((a, b) => Math.max(a, b), -Infinity);
  const step = stepOf(largest - smallest || 1);
  const first = Math.floor(smallest / step);
  const last = Math.max(Math.ceil(largest / step), first + 1);
  const marks = Array.from({ length: last - first + 1 }, (_, i) => step * (first + i));
  const [least, wide] = [step * first, step * (last - first)];
  const place = (value: number) => (SIZE - MARGIN - END) * ((value - least) / wide);
  const x = (value: number) => MARGIN + place(value);
  const y = (value: number) => SIZE - MARGIN - place(value);
  return (
    <section class="scatter" aria-labelledby="scatter-heading">
      <h2 id="scatter-heading">{t.scatter}</h2>
      <p class="hint">{t.scatterHint}</p>
      <svg viewBox={`0 0 ${SIZE} ${SIZE}`} role="img" aria-label={t.scatterLabel(samples.length)}>
        {marks.map((value) => (
          <g key={value}>
            <line class="grid" x1={x(value)} x2={x(value)} y1={y(least)} y2={y(least + wide)} />
            <line class="grid" x1={x(least)} x2={x(least + wide)} y1={y(value)} y2={y(value)} />
            <text x={x(value)} y={SIZE - MARGIN + 14} text-anchor="middle">
              {m().plainNumber(value)}
            </text>
            <text x={MARGIN - 5} y={y(value) + 3} text-anchor="end">
              {m().plainNumber(value)}
            </text>
          </g>
        ))}
        <line class="equal" x1={x(least)} y1={y(least)} x2={x(least + wide)} y2={y(least + wide)} />
        {drawn.map(({ target, predicted }, i) => (
          <circle key={i} cx={x(target)} cy={y(predicted)} r="3" />
        ))}
        <text x={x(least + wide / 2)} y={SIZE - 6} text-anchor="middle">
          {t.target}
        </text>
        <text x={10} y={y(least + wide / 2)} text-anchor="middle" transform={`rotate(-90 10 ${y(least + wide / 2)})`}>
          {t.predicted}
        </text>
      </svg>
    </section>
  );
}
