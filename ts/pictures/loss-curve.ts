import type { FitEvaluation, StepRecord } from "../train/fit-options.js";
import { axisTicks, escape, Palette, tickLabel } from "./svg.js";
import { log } from "../values/elementary.js";

/** What the picture says beside the curve. */
export interface LossCurveText {
  readonly title: string;
  readonly subtitle: string;
  /** Number of classes: guessing costs ln of it, which is drawn as a yardstick. Left out where nothing is to be drawn. */
  readonly classes?: number;
  /** Losses on examples held out, and the best of them, whose step is marked. */
  readonly validation?: FitEvaluation;
}

const SIZE = { width: 880, height: 480 };
const PLOT = { left: 72, right: SIZE.width - 84, top: 106, bottom: SIZE.height - 60 };
/** Weight of the past in the smoothed line: about twenty steps are seen at once. */
const SMOOTHING = 0.9;

/** More points than this cannot be told apart at this size, and make the file large. */
const MOST_POINTS = 2000;

const palette = new Palette({
  loss: ["#1a6fd4", "#6cb1ff"],
  rate: ["#b3702a", "#d9a066"],
  held: ["#1f8a4c", "#63d297"],
});
const quiet = palette.paint({ fill: "quiet" });

/** How the lines are drawn, in the picture and in its legend. */
const LINES = {
  raw: `${palette.paint({ fill: "none", stroke: "loss" })} stroke-width="1" opacity="0.4"`,
  smooth: `${palette.paint({ fill: "none", stroke: "loss" })} stroke-width="2.5" stroke-linejoin="round" stroke-linecap="round"`,
  rate: `${palette.paint({ fill: "none", stroke: "rate" })} stroke-width="1.25" opacity="0.55"`,
  held: `${palette.paint({ fill: "none", stroke: "held" })} stroke-width="2" stroke-linejoin="round"`,
  guess: `${palette.paint({ stroke: "quiet" })} stroke-width="1" stroke-dasharray="2 4"`,
  grid: `${palette.paint({ stroke: "grid" })} stroke-width="1"`,
} as const;

/** Losses are drawn from 0 to this: sums and axes of anything below it are finite. */
const MOST_LOSS = 1e30;

/** Exponential moving average, corrected for its start (as Adam does). */
function smooth(values: readonly number[]): number[] {
  let [average, past] = [0, 1];
  return values.map((value) => {
    average = SMOOTHING * average + (1 - SMOOTHING) * value;
    past *= SMOOTHING;
    return average / (1 - past);
  });
}

/** The loss curve of a run as an SVG document: loss and its moving average, learning rate, axes; for light and dark. */
export function lossCurve(
  steps: readonly StepRecord[],
  { title, subtitle, classes, validation }: LossCurveText,
): string {
  const finite = steps.map(({ loss }) => loss).filter(Number.isFinite);
  const losses = finite.map((loss) => Math.min(Math.max(loss, 0), MOST_LOSS));
  const guess = classes === undefined ? null : log(classes);
  const held = (validation?.measured ?? []).map(({ step, value }) => ({
    step,
    value: Math.min(Math.max(value, 0), MOST_LOSS),
  }));
  const lossTicks = axisTicks(0, largest([...losses, ...held.map(({ value }) => value)], (guess ?? 0) * 1.05), 6);
  // The last tick may lie beyond a run that stopped early.
  const stepTicks = axisTicks(0, Math.max(1, steps.length), 8).filter(
    (step) => Number.isInteger(step) && step <= Math.max(1, steps.length),
  );
  const top = lossTicks.at(-1)!;
  const rates = steps.map(({ learningRate }) => learningRate);
  const peakRate = largest(rates, 0);
  const x = (step: number) => PLOT.left + ((PLOT.right - PLOT.left) * step) / Math.max(1, steps.length);
  const y = (share: number) => PLOT.bottom - (PLOT.bottom - PLOT.top) * share;
  const stride = Math.ceil(steps.length / MOST_POINTS);
  const path = (values: readonly number[], full: number, height = 1) => {
    const points = values.map((value, i) => `${x(i + 1).toFixed(1)} ${y((value / full) * height).toFixed(1)}`);
    return points
      .filter((_, i) => i % stride === 0 || i === points.length - 1)
      .map((at, i) => (i === 0 ? `M${at}` : `L${at}`))
      .join("");
  };
  const smoothed = smooth(losses);
  const last = smoothed.at(-1) ?? 0;
  const rate = peakRate > 0 ? rateLine(path(rates, peakRate, 0.3), y(0.3), x(peakStep(steps) + 1), peakRate) : "";
  const body = `<text ${palette.paint({ fill: "ink" })} font-size="18" font-weight="600" x="${PLOT.left}" y="34">${escape(title)}</text>
<text ${quiet} x="${PLOT.left}" y="56">${escape(subtitle)}</text>
${lossTicks.map((value) => rule(y(value / top), tickLabel(value, lossTicks))).join("\n")}
${stepTicks.map((step) => `<text ${quiet} x="${x(step)}" y="${PLOT.bottom + 20}" text-anchor="middle">${step}</text>`).join("")}
<text ${quiet} x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 44}" text-anchor="middle">optimizer step</text>
<text ${quiet} transform="translate(22 ${(PLOT.top + PLOT.bottom) / 2}) rotate(-90)" text-anchor="middle">training loss (cross entropy, nats)</text>
${guess === null ? "" : guessLine(y(guess / top), y(last / top))}
${rate}
<path ${LINES.raw} d="${path(losses, top)}"/>
<path ${LINES.smooth} d="${path(smoothed, top)}"/>
${heldLines(
  held.map(({ step, value }) => `${x(step).toFixed(1)} ${y(value / top).toFixed(1)}`),
  x(validation?.best.step ?? 0),
  validation,
)}
<text ${palette.paint({ fill: "loss" })} x="${PLOT.right + 8}" y="${y(last / top) + 4}">${last.toFixed(3)}</text>
<g transform="translate(${PLOT.left} ${PLOT.top - 22})">${legend(held.length > 0)}</g>`;
  const description = `${subtitle}. The loss's moving average ends at ${last.toFixed(3)} after ${steps.length} steps.${validation === undefined ? "" : ` The lowest loss on validation is ${validation.best.value.toFixed(3)}, after ${validation.best.step} steps, which were kept.`}`;
  return palette.page({ ...SIZE, title, description, body });
}

/** The largest number; a list of any length, which a call's arguments are not. */
function largest(values: readonly number[], least: number): number {
  return values.reduce((most, value) => Math.max(most, value), least);
}

/** What guessing costs. @param curve where the curve ends */
function guessLine(height: number, curve: number): string {
  return (
    `<line ${LINES.guess} x1="${PLOT.left}" x2="${PLOT.right}" y1="${height}" y2="${height}"/>` +
    `\n<text ${quiet} x="${PLOT.right + 8}" y="${guessLabelAt(height, curve) + 4}">guessing</text>`
  );
}

/** Moves the yardstick's label off the curve's where both would stand in one place. */
function guessLabelAt(guess: number, curve: number): number {
  const room = 16;
  if (Math.abs(guess - curve) >= room) return guess;
  return curve + (guess < curve ? -room : room);
}

function rule(height: number, label: string): string {
  const at = height.toFixed(1);
  return (
    `<line ${LINES.grid} x1="${PLOT.left}" x2="${PLOT.right}" y1="${at}" y2="${at}"/>` +
    `<text ${quiet} x="${PLOT.left - 10}" y="${(height + 4).toFixed(1)}" text-anchor="end">${label}</text>`
  );
}

/** The learning rate takes the lowest third of the plot: it is there for its shape, and its peak is written on it. */
function rateLine(path: string, height: number, peakAt: number, peak: number): string {
  const label = `peak ${peak.toPrecision(2).replace(/\.?0+(e|$)/, "$1")}`;
  const at = Math.min(peakAt, PLOT.right - 80).toFixed(1);
  return `<path ${LINES.rate} d="${path}"/><text ${palette.paint({ fill: "rate" })} x="${at}" y="${(height - 6).toFixed(1)}">${label}</text>`;
}

/** The loss on examples held out, and a line at the step that is kept. */
function heldLines(points: readonly string[], keptAt: number, validation: FitEvaluation | undefined): string {
  if (validation === undefined) return "";
  const at = keptAt.toFixed(1);
  const label = `kept: ${validation.best.step}`;
  return (
    `<path ${LINES.held} d="M${points.join("L")}"/>` +
    `<line ${palette.paint({ stroke: "held" })} stroke-width="1" stroke-dasharray="4 3" x1="${at}" x2="${at}" y1="${PLOT.top}" y2="${PLOT.bottom}"/>` +
    `<text ${palette.paint({ fill: "held" })} x="${Math.min(keptAt + 5, PLOT.right - 70).toFixed(1)}" y="${PLOT.top + 12}">${label}</text>`
  );
}

function legend(held: boolean): string {
  const entry = (kind: keyof typeof LINES, label: string, at: number) =>
    `<line ${LINES[kind]} x1="${at}" x2="${at + 24}" y1="-4" y2="-4"/><text ${quiet} x="${at + 32}" y="0">${label}</text>`;
  return (
    entry("raw", "loss of each step", 0) +
    entry("smooth", "moving average", 170) +
    entry("rate", "learning rate", 324) +
    (held ? entry("held", "loss on validation", 460) : "")
  );
}

function peakStep(steps: readonly StepRecord[]): number {
  return steps.reduce((best, step, i) => (step.learningRate > steps[best]!.learningRate ? i : best), 0);
}
