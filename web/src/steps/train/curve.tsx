import { useEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { m } from "../../messages/index.js";
import type { Point } from "../../state/runs.js";

const HEIGHT = 260;

/** Mean over the last steps: a batch's own loss jumps. */
function smooth(points: readonly Point[]): Map<number, number> {
  const means = new Map<number, number>();
  let mean: number | null = null;
  for (const { step, loss } of points) {
    mean = mean === null ? loss : 0.85 * mean + 0.15 * loss;
    means.set(step, mean);
  }
  return means;
}

function columns(training: readonly Point[], validation: readonly Point[]): uPlot.AlignedData {
  const steps = [...new Set([...training, ...validation].map(({ step }) => step))].sort((a, b) => a - b);
  const learnt = smooth(training);
  const held = new Map(validation.map(({ step, loss }) => [step, loss]));
  return [steps, steps.map((step) => learnt.get(step) ?? null), steps.map((step) => held.get(step) ?? null)];
}

/** Losses by step, drawn as they come. */
export function Curve({
  training,
  validation,
  steps,
}: {
  training: readonly Point[];
  validation: readonly Point[];
  steps: number;
}) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const t = m().train;
  const newest = useRef<uPlot.AlignedData>([[], [], []]);
  newest.current = columns(training, validation);
  useEffect(() => {
    let gone = false;
    let watch: ResizeObserver | undefined;
    // What draws is fetched when there is something to draw.
    void import("uplot").then(({ default: Plot }) => !gone && (watch = begin(Plot)));
    return () => {
      gone = true;
      watch?.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [steps]);
  const begin = (Plot: typeof uPlot): ResizeObserver => {
    const style = getComputedStyle(box.current!);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour("--ink-soft"),
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
      font: "12px system-ui",
    };
    plot.current = new Plot(
      {
        ...{ width: box.current!.clientWidth, height: HEIGHT, legend: { show: false }, cursor: { show: false } },
        scales: { x: { time: false, range: () => [0, Math.max(steps, 1)] } },
        axes: [axis, { ...axis, size: 48 }],
        series: [
          {},
          { stroke: colour("--adapter"), width: 2, spanGaps: true, points: { show: false } },
          {
            stroke: colour("--head"),
            width: 2,
            spanGaps: true,
            dash: [6, 4],
            points: { show: true, size: 7, fill: colour("--head") },
          },
        ],
      },
      newest.current,
      box.current!,
    );
    const watch = new ResizeObserver(([entry]) =>
      plot.current?.setSize({ width: entry!.contentRect.width, height: HEIGHT }),
    );
    watch.observe(box.current!);
    return watch;
  };
  useEffect(() => plot.current?.setData(newest.current), [training, validation]);
  const last = (points: readonly Point[]) => points.at(-1)?.loss.toFixed(3) ?? "–";
  return (
    <figure class="curve">
      <div ref={box} role="img" aria-label={t.chartNow(last(training), last(validation))} />
      <figcaption>
        <span>{t.chart}</span>
        <span class="key adapter">{t.chartTraining}</span>
        <span class="key head">{t.chartValidation}</span>
      </figcaption>
    </figure>
  );
}
