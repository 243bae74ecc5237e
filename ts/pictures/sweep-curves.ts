import { axisTicks, escape, Palette, tickLabel } from "./svg.js";

/** A setting's way through a sweep. */
interface SweepCurve {
  readonly label: string;
  /** Losses by steps; it was stopped behind the last one. */
  readonly points: readonly { readonly step: number; readonly value: number }[];
}

/** What the picture says beside the curves. */
interface SweepCurvesText {
  readonly title: string;
  readonly subtitle: string;
}

const SIZE = { width: 880, height: 480 };
const PLOT = { left: 72, right: SIZE.width - 250, top: 84, bottom: SIZE.height - 60 };
/** Labels at the curves' ends that do not cover one another. */
const LABEL = 15;
const MOST_LABELS = 22;

const palette = new Palette({ best: ["#1a6fd4", "#6cb1ff"], others: ["#9aa4b0", "#656d76"] });
const quiet = palette.paint({ fill: "quiet" });
const grid = `${palette.paint({ stroke: "grid" })} stroke-width="1"`;

/** Losses of a sweep's settings by steps as an SVG document, the best one first and set off; for light and dark. */
export function sweepCurves(curves: readonly SweepCurve[], { title, subtitle }: SweepCurvesText): string {
  const drawn = curves
    .map(({ label, points }) => ({ label, points: points.filter(({ value }) => Number.isFinite(value)) }))
    .filter(({ points }) => points.length > 0);
  const values = drawn.flatMap(({ points }) => points.map(({ value }) => value));
  const [low, high] = extent(values.length === 0 ? [0, 1] : values);
  const steps = Math.max(1, ...drawn.map(({ points }) => points.at(-1)!.step));
  const ticks = axisTicks(low, Math.max(high, low + 1e-9), 6);
  const x = (step: number) => PLOT.left + ((PLOT.right - PLOT.left) * step) / steps;
  const [bottom, top] = [ticks[0]!, ticks.at(-1)!];
  const y = (value: number) => PLOT.bottom - ((PLOT.bottom - PLOT.top) * (value - bottom)) / (top - bottom);
  const marks = axisTicks(0, steps, 8).filter((step) => Number.isInteger(step) && step <= steps);
  const body = `<text ${palette.paint({ fill: "ink" })} font-size="18" font-weight="600" x="${PLOT.left}" y="34">${escape(title)}</text>
<text ${quiet} x="${PLOT.left}" y="56">${escape(subtitle)}</text>
${ticks.map((value) => rule(y(value), tickLabel(value, ticks))).join("\n")}
${marks.map((step) => `<text ${quiet} x="${x(step).toFixed(1)}" y="${PLOT.bottom + 20}" text-anchor="middle">${step}</text>`).join("")}
<text ${quiet} x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 44}" text-anchor="middle">optimizer step</text>
<text ${quiet} transform="translate(22 ${(PLOT.top + PLOT.bottom) / 2}) rotate(-90)" text-anchor="middle">loss on what is held out</text>
${drawn
  .map(({ points }, i) => line(points, i === 0, x, y))
  .reverse()
  .join("\n")}
${labels(drawn.map(({ label, points }) => ({ label, at: y(points.at(-1)!.value) })))}`;
  const description = `${subtitle}. ${drawn.map(({ label, points }) => `${label}: ${points.at(-1)!.value.toFixed(3)} after ${points.at(-1)!.step} steps`).join("; ")}.`;
  return palette.page({ ...SIZE, title, description, body });
}

function extent(values: readonly number[]): [number, number] {
  return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
}

function rule(height: number, label: string): string {
  return (
    `<line ${grid} x1="${PLOT.left}" x2="${PLOT.right}" y1="${height.toFixed(1)}" y2="${height.toFixed(1)}"/>` +
    `<text ${quiet} x="${PLOT.left - 8}" y="${(height + 4).toFixed(1)}" text-anchor="end">${label}</text>`
  );
}

function line(
  points: SweepCurve["points"],
  best: boolean,
  x: (step: number) => number,
  y: (value: number) => number,
): string {
  const path = points.map(({ step, value }, i) => `${i === 0 ? "M" : "L"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`);
  const end = points.at(-1)!;
  const colour = best ? "best" : "others";
  return (
    `<path ${palette.paint({ fill: "none", stroke: colour })} stroke-width="${best ? 2.5 : 1.25}" stroke-linejoin="round" d="${path.join("")}"/>` +
    `<circle ${palette.paint({ fill: colour })} cx="${x(end.step).toFixed(1)}" cy="${y(end.value).toFixed(1)}" r="${best ? 4 : 2.5}"/>`
  );
}

/** Names of the curves at the right, by the height of their ends, moved apart where need be; no more than there is room for. */
function labels(ends: readonly { readonly label: string; readonly at: number }[]): string {
  const shown = ends.slice(0, MOST_LABELS).map((end, i) => ({ ...end, best: i === 0 }));
  let next = PLOT.top;
  return shown
    .sort((a, b) => a.at - b.at)
    .map(({ label, at, best }) => {
      const height = Math.max(at, next);
      next = height + LABEL;
      const paint = best ? `${palette.paint({ fill: "best" })} font-weight="600"` : quiet;
      return `<text ${paint} x="${PLOT.right + 14}" y="${(height + 4).toFixed(1)}">${escape(label)}</text>`;
    })
    .join("\n");
}
