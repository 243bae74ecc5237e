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
const accuracyLines: readonly Line[] = [{ colour: "--head", dashed: true }];

/** A range a little wider than the values, with a minimum width so that noise does not look like change. */
const around =
  (apart: number, most = Infinity) =>
  (least: number, greatest: number): [number, number] => {
    const spare = Math.max(apart - (greatest - least), 0.1 * (greatest - least)) / 2;
    return [Math.max(least - spare, 0), Math.min(greatest + spare, most)];
  };
const [lossRange, accuracyRange] = [around(0.05), around(0.2, 1)];

/** Losses by step, and accuracy on the validation rows. */
export function Curve({
  training,
  validation,
  steps,
}: {
  training: readonly Point[];
  validation: readonly Point[];
  steps: number;
}) {
  const t = m().train;
  const loss = useMemo(() => losses(training, validation), [training, validation]);
  const accuracy = useMemo((): uPlot.AlignedData => {
    const measured = validation.filter((point) => point.accuracy !== undefined);
    return [measured.map(({ step }) => step), measured.map((point) => point.accuracy!)];
  }, [validation]);
  const last = (points: readonly Point[]) => {
    const value = points.at(-1)?.loss;
    return value === undefined ? "–" : m().decimal(value);
  };
  const right = validation.at(-1)?.accuracy;
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
      {accuracy[0].length > 0 && (
        <>
          <p class="keys">
            <span>{t.chartAccuracy}</span>
          </p>
          <Panel
            label={`${t.chartAccuracy}: ${right === undefined ? "–" : m().percent(right)}`}
            {...{ height: 130, steps, lines: accuracyLines, data: accuracy, range: accuracyRange }}
            written={(share) => `${Math.round(100 * share)} %`}
          />
        </>
      )}
    </div>
  );
}
