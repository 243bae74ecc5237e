import { useEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";
import { theme } from "../../state/view.js";
import "uplot/dist/uPlot.min.css";

export interface Line {
  readonly colour: string;
  readonly dashed: boolean;
}

interface Props {
  /** Text for screen readers. */
  readonly label: string;
  readonly height: number;
  /** The largest step. */
  readonly steps: number;
  readonly lines: readonly Line[];
  /** The steps, then the values of each line. */
  readonly data: uPlot.AlignedData;
  readonly range: (least: number, most: number) => [number, number];
  readonly written: (value: number) => string;
}

/** A line chart over the steps of a run, updated as values arrive. Colours are names of custom properties. */
export function Panel({ label, height, steps, lines, data, range, written }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const newest = useRef(data);
  newest.current = data;
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
        width: box.current!.clientWidth,
        height,
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: () => [0, Math.max(steps, 1)] },
          y: { range: (_plot, least, most) => range(least, most) },
        },
        axes: [
          { ...axis, size: 30 },
          { ...axis, size: 56, space: Math.max(height / 6, 24), values: (_plot, values) => values.map(written) },
        ],
        series: [
          {},
          ...lines.map((line) => ({
            stroke: colour(line.colour),
            width: 2,
            spanGaps: true,
            ...(line.dashed ? { dash: [6, 4] } : {}),
            points: { show: line.dashed, size: 7, fill: colour(line.colour) },
          })),
        ],
      },
      newest.current,
      box.current!,
    );
    const watch = new ResizeObserver(([entry]) => plot.current?.setSize({ width: entry!.contentRect.width, height }));
    watch.observe(box.current!);
    return watch;
  };
  useEffect(() => {
    let gone = false;
    let watch: ResizeObserver | undefined;
    // The chart library is loaded when there is something to draw.
    void import("uplot").then(({ default: Plot }) => !gone && (watch = begin(Plot)));
    return () => {
      gone = true;
      watch?.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
    // Its colours are those of the theme.
  }, [steps, theme.value]);
  useEffect(() => plot.current?.setData(data), [data]);
  return <div ref={box} role="img" aria-label={label} />;
}
