import { useMemo } from "preact/hooks";
import type uPlot from "uplot";
import { m } from "../../messages/index.js";
import type { Point } from "../../state/runs.js";
import { type Line, Panel } from "./panel.js";

/** Moving average of the loss, because single batches vary. */
function smooth(points: readonly Point[]): Map<number, number> {
  const means = new Map<number, number>();
  let mean: number | null = null;
  for (const { step, loss } of points) {
    mean = mean === null ? loss : 0.85 * mean + 0.15 * loss;
    means.set(step, mean);
  }
  return means;
}

function losses(training: readonly Point[], validation: readonly Point[]): uPlot.AlignedData {
  const steps = [...new Set([...training, ...validation].map(({ step }) => step))].sort((a, b) => a - b);
  const means = smooth(training);
  const held = new Map(validation.map(({ step, loss }) => [step, loss]));
  return [steps, steps.map((step) => means.get(step) ?? null), steps.map((step) => held.get(step) ?? null)];
}

const lossLines: readonly Line[] = [
  { colour: "--adapter", dashed: false },
  { colour: "--head", dashed: true },
];
const metricLines: readonly Line[] = [{ colour: "--head", dashed: true }];

/** A range a little wider than the values, with a minimum width so that noise does not look like change. */
const around =
  (apart: number, most = Infinity, fewest = 0) =>
  (least: number, greatest: number): [number, number] => {
    const spare = Math.max(apart - (greatest - least), 0.1 * (greatest - least)) / 2;
    return [Math.max(least - spare, fewest), Math.min(greatest + spare, most)];
  };
const [lossRange, metricRange] = [around(0.05), around(0.2, 1, -1)];

/** A metric of the validations. */
export interface Metric {
  readonly name: string;
  readonly title: string;
  readonly written: "share" | "metric";
  /** Number of validation rows. */
  readonly count: number;
}

/** Losses by step, and perhaps a metric on the validation rows. */
export function Curve({
  metric,
  training,
  validation,
  steps,
}: {
  metric?: Metric;
  training: readonly Point[];
  validation: readonly Point[];
  steps: number;
}) {
  const t = m().train;
  const loss = useMemo(() => losses(training, validation), [training, validation]);
  const { name = "", title, written = "metric", count = 0 } = metric ?? {};
  const measured = useMemo((): uPlot.AlignedData => {
    const points = validation.filter((point) => point[name] !== undefined);
    return [points.map(({ step }) => step), points.map((point) => point[name]!)];
  }, [validation, name]);
  const last = (points: readonly Point[]) => {
    const value = points.at(-1)?.loss;
    return value === undefined ? "–" : m().decimal(value);
  };
  const now = validation.at(-1)?.[name];
  return (
    <div class="curve">
      <p class="keys">
        <span>{t.chart}</span>
        <span class="key adapter">{t.chartTraining}</span>
        <span class="key head">{t.chartValidation}</span>
      </p>
      <Panel
        label={t.chartNow(last(training), last(validation))}
        {...{ height: 200, steps, lines: lossLines, data: loss, range: lossRange, written: m().decimal }}
      />
      {measured[0].length > 0 && (
        <>
          <p class="keys">
            <span>{title}</span>
          </p>
          <Panel
            label={`${title}: ${now === undefined ? "–" : m()[written](now, count)}`}
            {...{ height: 130, steps, lines: metricLines, data: measured, range: metricRange }}
            written={(value) => (written === "share" ? m().wholePercent(value) : m().decimal(value))}
          />
        </>
      )}
    </div>
  );
}
