import { isJsonObject } from "../io/json.js";
import { finite, share, oneOf, whole, unexpected } from "../arguments/settings.js";
import type { Metrics } from "../train/metrics.js";
import type { Baseline } from "./baseline.js";
import { checkSettings } from "./settings-check.js";
import type { TrainingSettings } from "./training-settings.js";

/** What a checkpoint keeps beside the state of training: what it was made with, and what was measured before. */
export interface RunState {
  readonly settings: TrainingSettings;
  /** SHA-256 of the model's weights and of the files of examples. */
  readonly modelHash: string;
  readonly trainHash: string;
  readonly validationHash: string;
  readonly build: string;
  readonly threads: number;
  readonly baseline: Baseline;
}

/** Throws `ConfigError`, naming the field, unless a value from a file is a run's state. `what` begins the message. */
export function checkRunState(what: string, value: unknown): asserts value is RunState {
  const run = objectAt(what, "run", value);
  checkSettings(what, run["settings"]);
  for (const name of ["modelHash", "trainHash", "validationHash"]) {
    if (typeof run[name] === "string" && /^[0-9a-f]{64}$/.test(run[name])) continue;
    throw unexpected(what, `run.${name}`, "a SHA-256 in hexadecimal", run[name]);
  }
  oneOf(what, "run.build", run["build"], ["simd", "relaxed"]);
  whole(what, "run.threads", run["threads"], 1);
  const baseline = objectAt(what, "run.baseline", run["baseline"]);
  share(what, "run.baseline.largestClass", baseline["largestClass"]);
  checkMetrics(what, "run.baseline.before", baseline["before"]);
  if (baseline["headOnly"] !== null) checkMetrics(what, "run.baseline.headOnly", baseline["headOnly"]);
}

function checkMetrics(what: string, place: string, value: unknown): asserts value is Metrics {
  const { count, accuracy, loss, confusion } = objectAt(what, place, value);
  whole(what, `${place}.count`, count, 1);
  share(what, `${place}.accuracy`, accuracy);
  finite(what, `${place}.loss`, loss);
  const isSquare = Array.isArray(confusion) && confusion.every((row) => isCounts(row, confusion.length));
  if (isSquare && (confusion as number[][]).flat().reduce((sum, n) => sum + n, 0) === count) return;
  throw unexpected(what, `${place}.confusion`, `a square of counts that add up to ${String(count)}`, confusion);
}

const isCounts = (row: unknown, length: number) =>
  Array.isArray(row) && row.length === length && row.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);

function objectAt(what: string, place: string, value: unknown): Readonly<Record<string, unknown>> {
  if (isJsonObject(value)) return value;
  throw unexpected(what, place, "an object", value);
}
