import type { StepRecord } from "../train/fit-options.js";
import { axisTicks, tickLabel } from "./axis-ticks.js";

/** What the picture says beside the curve. */
export interface LossCurveText {
  readonly title: string;
  readonly subtitle: string;
  /** Number of classes: guessing costs ln of it, which is drawn as a yardstick. */
  readonly classes: number;
}

const SIZE = { width: 880, height: 480 };
const PLOT = { left: 72, right: SIZE.width - 84, top: 106, bottom: SIZE.height - 60 };
/** Weight of the past in the smoothed line: about twenty steps are seen at once. */
const SMOOTHING = 0.9;

/** More points than this cannot be told apart at this size, and make the file large. */
const MOST_POINTS = 2000;

const STYLE = `
  svg { color-scheme: light dark; --page: #ffffff; --ink: #1f2328; --quiet: #656d76; --grid: #e4e7eb; --loss: #1a6fd4; --rate: #b3702a; --raw: 0.34; }
  @media (prefers-color-scheme: dark) {
    svg { --page: #15181d; --ink: #e8eaed; --quiet: #9aa4b0; --grid: #2b3038; --loss: #6cb1ff; --rate: #d9a066; --raw: 0.5; }
  }
  text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: var(--quiet); }
  .page { fill: var(--page); }
  .title { font-size: 18px; font-weight: 600; fill: var(--ink); }
  .grid { stroke: var(--grid); stroke-width: 1; }
  .raw { fill: none; stroke: var(--loss); stroke-width: 1; opacity: var(--raw); }
  .smooth { fill: none; stroke: var(--loss); stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round; }
  .guess { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 2 4; }
  .rate { fill: none; stroke: var(--rate); stroke-width: 1.25; opacity: 0.55; }
  .rate-text { fill: var(--rate); }
  .loss-text { fill: var(--loss); }
`;

/** Exponential moving average, corrected for its start (as Adam does). */
export function smooth(values: readonly number[]): number[] {
  let average = 0;
  return values.map((value, i) => {
    average = SMOOTHING * average + (1 - SMOOTHING) * value;
    return average / (1 - SMOOTHING ** (i + 1));
  });
}

/** The loss curve of a run as an SVG document: loss and its moving average, learning rate, axes; for light and dark. */
export function lossCurve(steps: readonly StepRecord[], { title, subtitle, classes }: LossCurveText): string {
  const losses = steps.map(({ loss }) => loss).filter(Number.isFinite);
  const guess = Math.log(classes);
  const lossTicks = axisTicks(0, Math.max(guess * 1.05, ...losses), 6);
  const stepTicks = axisTicks(0, Math.max(1, steps.length), 8).filter(Number.isInteger);
  const top = lossTicks.at(-1)!;
  const peakRate = Math.max(...steps.map(({ learningRate }) => learningRate), 0);
  const x = (step: number) => PLOT.left + ((PLOT.right - PLOT.left) * step) / Math.max(1, steps.length);
  const y = (share: number) => PLOT.bottom - (PLOT.bottom - PLOT.top) * share;
  const stride = Math.ceil(steps.length / MOST_POINTS);
  const path = (values: readonly number[], full: number) => {
    const points = values.map((value, i) => `${x(i + 1).toFixed(1)} ${y(value / full).toFixed(1)}`);
    return points
      .filter((_, i) => i % stride === 0 || i === points.length - 1)
      .map((at, i) => (i === 0 ? `M${at}` : `L${at}`))
      .join("");
  };
  const smoothed = smooth(losses);
  const last = smoothed.at(-1) ?? 0;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" width="${SIZE.width}" height="${SIZE.height}" role="img" aria-labelledby="title description">
<title id="title">${escape(title)}</title>
<desc id="description">${escape(`${subtitle}. The loss's moving average ends at ${last.toFixed(3)} after ${steps.length} steps.`)}</desc>
<style>${STYLE}</style>
<rect class="page" width="100%" height="100%"/>
<text class="title" x="${PLOT.left}" y="34">${escape(title)}</text>
<text x="${PLOT.left}" y="56">${escape(subtitle)}</text>
${lossTicks.map((value) => rule(y(value / top), tickLabel(value, lossTicks))).join("\n")}
${stepTicks.map((step) => `<text x="${x(step)}" y="${PLOT.bottom + 20}" text-anchor="middle">${step}</text>`).join("")}
<text x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 44}" text-anchor="middle">optimizer step</text>
<text transform="translate(22 ${(PLOT.top + PLOT.bottom) / 2}) rotate(-90)" text-anchor="middle">training loss (cross entropy, nats)</text>
<line class="guess" x1="${PLOT.left}" x2="${PLOT.right}" y1="${y(guess / top)}" y2="${y(guess / top)}"/>
<text x="${PLOT.right + 8}" y="${guessLabelAt(y(guess / top), y(last / top)) + 4}">guessing</text>
${
  peakRate > 0
    ? rateLine(
        path(
          steps.map(({ learningRate }) => learningRate),
          peakRate / 0.3,
        ),
        y(0.3),
        x(peakStep(steps) + 1),
        peakRate,
      )
    : ""
}
<path class="raw" d="${path(losses, top)}"/>
<path class="smooth" d="${path(smoothed, top)}"/>
<text class="loss-text" x="${PLOT.right + 8}" y="${y(last / top) + 4}">${last.toFixed(3)}</text>
<g transform="translate(${PLOT.left} ${PLOT.top - 22})">${legend()}</g>
</svg>
`;
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
    `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${at}" y2="${at}"/>` +
    `<text x="${PLOT.left - 10}" y="${(height + 4).toFixed(1)}" text-anchor="end">${label}</text>`
  );
}

/** The learning rate takes the lowest third of the plot: it is there for its shape, and its peak is written on it. */
function rateLine(path: string, height: number, peakAt: number, peak: number): string {
  const label = `peak ${peak.toPrecision(2).replace(/\.?0+(e|$)/, "$1")}`;
  const at = Math.min(peakAt, PLOT.right - 80).toFixed(1);
  return `<path class="rate" d="${path}"/><text class="rate-text" x="${at}" y="${(height - 6).toFixed(1)}">${label}</text>`;
}

function legend(): string {
  const entry = (kind: string, label: string, at: number) =>
    `<line class="${kind}" x1="${at}" x2="${at + 24}" y1="-4" y2="-4"/><text x="${at + 32}" y="0">${label}</text>`;
  return (
    entry("raw", "loss of each step", 0) + entry("smooth", "moving average", 170) + entry("rate", "learning rate", 324)
  );
}

function peakStep(steps: readonly StepRecord[]): number {
  return steps.reduce((best, step, i) => (step.learningRate > steps[best]!.learningRate ? i : best), 0);
}

function escape(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}
