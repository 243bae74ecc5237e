/** 4000 → "4,000" */
export function formatCount(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

export { formatPercent } from "../../training/report.js";

/** A 95 % interval of shares after its number: " (91.2–94.0)"; empty without one. */
export function formatInterval(interval: readonly [number, number] | null | undefined): string {
  return interval ? ` (${interval.map((end) => (100 * end).toFixed(1)).join("–")})` : "";
}

/** Seconds as "0.4 s", "52 s", "2:05" or "1:02:05". */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Bytes as "612 B", "4.2 kB", "90.9 MB", in powers of 1000 as file managers show them. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(1)} ${units[power - 1]!}`;
}

/** A learning rate in three digits: 0.001, 0.000333, 5e-7. */
export function formatRate(rate: number): string {
  return String(Number(rate.toPrecision(3)));
}

/** A number in four digits or its whole part: 4.3, 0.001235, 2001. */
export function formatNumber(value: number): string {
  return String(Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4)));
}

/** "1 example", "4,000 examples" */
export function formatExamples(count: number): string {
  return `${formatCount(count)} example${count === 1 ? "" : "s"}`;
}

/** "step", "40 steps", after "every". */
export function formatEvery(steps: number): string {
  return steps === 1 ? "step" : `${formatCount(steps)} steps`;
}

/** "1 thread", "4 threads" */
export function formatThreads(count: number): string {
  return `${count} thread${count === 1 ? "" : "s"}`;
}

/** Adapted modules by their number and that of the model's layers that have them: "18 matrices in 6 layers". */
export function matricesText(modules: readonly string[]): string {
  const layers = new Set(modules.flatMap((path) => /^(.*?\.\d+)\./.exec(path)?.[1] ?? []));
  const count = (number: number, one: string, many: string) => `${formatCount(number)} ${number === 1 ? one : many}`;
  const matrices = count(modules.length, "matrix", "matrices");
  return layers.size === 0 ? matrices : `${matrices} in ${count(layers.size, "layer", "layers")}`;
}
