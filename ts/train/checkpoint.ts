import { ConfigError } from "../errors.js";
import { shownValue } from "../shown-value.js";
import { formatShape, sizeOf } from "../tensor.js";
import type { Checkpoint, StepRecord } from "./fit-options.js";

/** What a checkpoint must fit; what is left out is not compared. */
export interface CheckpointFit {
  /** Steps of the run in all. */
  readonly steps?: number;
  /** Shapes of the parameters, in the order of the task's `params()`. */
  readonly shapes?: readonly (readonly number[])[];
}

/** AdamW's buffers; the second is a mean of squares. */
const BUFFERS = ["m", "v"] as const;

/** Numbers of a step's record besides its own, and the least each can be. */
const recorded: Readonly<Record<Exclude<keyof StepRecord, "step">, number>> = {
  loss: -Infinity,
  learningRate: 0,
  gradNorm: 0,
  milliseconds: 0,
  tokens: 0,
};

/**
 * Throws `ConfigError`, naming the field, unless training can go on from `checkpoint`: whatever came from a file or a
 * caller is looked at to the last number, since one NaN would spread through everything that follows.
 */
export function checkCheckpoint(checkpoint: Checkpoint, { steps, shapes }: CheckpointFit = {}): void {
  const { step, parameters, optimizer, streams, history } = objectAt("", checkpoint);
  wholeAt("step", step, steps ?? Number.MAX_SAFE_INTEGER);
  wholeAt("streams", streams, Number.MAX_SAFE_INTEGER);

  const tensors = listAt("parameters", parameters, shapes?.length);
  const state = objectAt("optimizer", optimizer);
  const updates = listAt("optimizer.steps", state["steps"], tensors.length);
  const buffers = listAt("optimizer.buffers", state["buffers"], tensors.length);
  tensors.forEach((tensor, i) => {
    const shape = tensorAt(`parameters[${i}]`, tensor, shapes?.[i]);
    wholeAt(`optimizer.steps[${i}]`, updates[i], step as number);
    const place = `optimizer.buffers[${i}]`;
    const own = objectAt(place, buffers[i]);
    const strange = Object.keys(own).find((name) => !(BUFFERS as readonly string[]).includes(name));
    if (strange !== undefined) throw unlike(place, `buffers ${BUFFERS.join(", ")}`, shownValue(strange));
    for (const name of BUFFERS) tensorAt(`${place}.${name}`, own[name], shape, name === "v" ? 0 : -Infinity);
  });

  listAt("history", history, step as number).forEach((record, i) => {
    const fields = objectAt(`history[${i}]`, record);
    if (fields["step"] !== i) throw unlike(`history[${i}].step`, String(i), shownValue(fields["step"]));
    for (const [name, least] of Object.entries(recorded)) {
      const value = fields[name];
      if (typeof value === "number" && Number.isFinite(value) && value >= least) continue;
      const expected = least === 0 ? "a finite number from 0" : "a finite number";
      throw unlike(`history[${i}].${name}`, expected, shownValue(value));
    }
  });
}

function objectAt(place: string, value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw unlike(place, "an object", shownValue(value));
}

function listAt(place: string, value: unknown, length?: number): readonly unknown[] {
  // A copy has no holes, which a walk would pass over.
  if (Array.isArray(value) && (length === undefined || value.length === length)) return Array.from<unknown>(value);
  throw unlike(place, length === undefined ? "a list" : `a list of ${length}`, shownValue(value));
}

function wholeAt(place: string, value: unknown, most: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most) return;
  const range = most === Number.MAX_SAFE_INTEGER ? "from 0" : `from 0 to ${most}`;
  throw unlike(place, `a whole number ${range}`, shownValue(value));
}

/** Checks a tensor of finite numbers from `least`; gives its shape. */
function tensorAt(place: string, value: unknown, expected?: readonly number[], least = -Infinity): readonly number[] {
  const { shape, data } = objectAt(place, value);
  const lengths = listAt(`${place}.shape`, shape);
  lengths.forEach((length, i) => wholeAt(`${place}.shape[${i}]`, length, Number.MAX_SAFE_INTEGER));
  const found = lengths as readonly number[];
  if (expected !== undefined && formatShape(found) !== formatShape(expected)) {
    throw unlike(`${place}.shape`, formatShape(expected), formatShape(found.slice(0, 8)));
  }
  if (!(data instanceof Float32Array)) throw unlike(`${place}.data`, "a Float32Array", shownValue(data));
  if (data.length !== sizeOf(found)) {
    throw unlike(`${place}.data`, `${sizeOf(found)} values, as its shape says,`, String(data.length));
  }
  const strange = data.findIndex((number) => !(Number.isFinite(number) && number >= least));
  if (strange < 0) return found;
  const wanted = least === 0 ? "a finite number from 0" : "a finite number";
  throw unlike(`${place}.data[${strange}]`, wanted, String(data[strange]));
}

function unlike(place: string, expected: string, got: string): ConfigError {
  const field = ["checkpoint", place].filter(Boolean).join(".");
  return new ConfigError(`fit: ${field}: ${expected} is expected, got ${got}`, { field, expected, got });
}
