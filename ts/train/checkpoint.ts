import { listFrom, whole } from "../arguments/settings.js";
import { ConfigError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import { formatShape, sizeOf, type Tensor } from "../values/tensor.js";
import type { Checkpoint, EvaluationState, StepRecord } from "./fit-options.js";
import { isFloats, typedLength } from "../arguments/typed-array.js";

/** What a checkpoint must match; undefined fields are not compared. */
export interface CheckpointFit {
  /** Total steps of the run. */
  readonly steps?: number;
  /** Shapes of the parameters, in the order of the task's `params()`. */
  readonly shapes?: readonly (readonly number[])[];
}

/** AdamW's buffers; the second is a mean of squares. */
const BUFFERS: readonly string[] = ["m", "v"];

/** Numbers of a step's record besides `step`, with their minimum. */
const recorded: Readonly<Record<Exclude<keyof StepRecord, "step">, number>> = {
  loss: -Infinity,
  learningRate: 0,
  gradNorm: 0,
  milliseconds: 0,
  tokens: 0,
};

/**
 * A copy of a checkpoint (tensors' data are shared); every field is read once. Throws `ConfigError`, naming the field, unless training can
 * continue from it. Every number is checked, since one NaN would spread through everything that follows.
 */
export function checkCheckpoint(checkpoint: Checkpoint, { steps, shapes }: CheckpointFit = {}): Checkpoint {
  const fields = objectAt("checkpoint", checkpoint);
  const step = whole("fit", "checkpoint.step", fields["step"], 0, steps);
  const streams = whole("fit", "checkpoint.streams", fields["streams"], 0, 2 ** 32 - 1);

  const tensors = listAt("checkpoint.parameters", fields["parameters"], shapes?.length);
  const optimizer = objectAt("checkpoint.optimizer", fields["optimizer"]);
  const updates = listAt("checkpoint.optimizer.steps", optimizer["steps"], tensors.length);
  const buffers = listAt("checkpoint.optimizer.buffers", optimizer["buffers"], tensors.length);
  const counts = updates.map((count, i) => whole("fit", `checkpoint.optimizer.steps[${i}]`, count, 0, step));
  const parameters = tensors.map((value, i) => tensorAt(`checkpoint.parameters[${i}]`, value, shapes?.[i]));
  const moments = parameters.map(({ shape }, i) => {
    const place = `checkpoint.optimizer.buffers[${i}]`;
    const own = objectAt(place, buffers[i]);
    const strange = Object.keys(own).find((name) => !BUFFERS.includes(name));
    if (strange !== undefined) throw unlike(place, `has buffers ${BUFFERS.join(", ")} and no other`, strange);
    const bufferAt = (name: string) =>
      [name, tensorAt(`${place}.${name}`, own[name], shape, name === "v" ? 0 : -Infinity)] as const;
    return Object.fromEntries(BUFFERS.map(bufferAt));
  });

  const history = listAt("checkpoint.history", fields["history"], step).map((record, i) => {
    const place = `checkpoint.history[${i}]`;
    const entry = { ...objectAt(place, record) };
    if (entry["step"] !== i) throw unlike(`${place}.step`, `is ${i}`, entry["step"]);
    for (const [name, least] of Object.entries(recorded)) {
      if (!isFinite(entry[name], least)) throw unlike(`${place}.${name}`, finiteFrom(least), entry[name]);
    }
    return entry as unknown as StepRecord;
  });
  const optimizerState = { steps: counts, buffers: moments };
  const made = { step, parameters, optimizer: optimizerState, streams, history };
  if (fields["evaluation"] === undefined) return made;
  return { ...made, evaluation: checkEvaluation(fields["evaluation"], made) };
}

function checkEvaluation(value: unknown, { step, parameters }: Checkpoint): EvaluationState {
  const at = "checkpoint.evaluation";
  const { measured, best } = objectAt(at, value);
  let last = -1;
  const taken = listAt(`${at}.measured`, measured).map((each, i) => {
    const place = `${at}.measured[${i}]`;
    const { step: done, value: number } = objectAt(place, each);
    last = whole("fit", `${place}.step`, done, last + 1, step);
    if (!isFinite(number, -Infinity)) throw unlike(`${place}.value`, finiteFrom(-Infinity), number);
    return { step: last, value: number as number };
  });
  if (best === null && taken.length === 0) return { measured: taken, best };
  const kept = objectAt(`${at}.best`, best);
  const bestStep = whole("fit", `${at}.best.step`, kept["step"], 0, step);
  const values = listAt(`${at}.best.parameters`, kept["parameters"], parameters.length);
  const bestValues = values.map((each, i) => tensorAt(`${at}.best.parameters[${i}]`, each, parameters[i]!.shape));
  return { measured: taken, best: { step: bestStep, parameters: bestValues } };
}

const isFinite = (value: unknown, least: number) =>
  typeof value === "number" && Number.isFinite(value) && value >= least;
const finiteFrom = (least: number) => `is a finite number${least === 0 ? " from 0" : ""}`;

function objectAt(place: string, value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw unlike(place, "is an object", value);
}

function listAt(place: string, value: unknown, length?: number): readonly unknown[] {
  const expected = length === undefined ? "is a list" : `is a list of ${length}`;
  if (!Array.isArray(value) || (length !== undefined && value.length !== length)) throw unlike(place, expected, value);
  // A gap ends the loop, however long the list claims to be.
  return listFrom(place, value, (item, i) => {
    if (i in value) return item;
    throw unlike(`${place}[${i}]`, "is there", item);
  });
}

/** A tensor of finite numbers from `least`. */
function tensorAt(place: string, value: unknown, expected?: readonly number[], least = -Infinity): Tensor {
  const { shape, data } = objectAt(place, value);
  const lengths = listAt(`${place}.shape`, shape);
  const found = lengths.map((length, i) => whole("fit", `${place}.shape[${i}]`, length));
  if (expected !== undefined && formatShape(found) !== formatShape(expected)) {
    throw unlike(`${place}.shape`, `is ${formatShape(expected)}`, found);
  }
  if (!isFloats(data)) throw unlike(`${place}.data`, "is a Float32Array", data);
  if (typedLength(data) !== sizeOf(found)) {
    throw unlike(`${place}.data`, `has ${sizeOf(found)} values, as its shape says`, data.length);
  }
  const strange = data.findIndex((number) => !isFinite(number, least));
  if (strange >= 0) throw unlike(`${place}.data[${strange}]`, finiteFrom(least), data[strange]);
  return { shape: found, data };
}

function unlike(place: string, expected: string, got: unknown): ConfigError {
  return new ConfigError(`fit: ${place} ${expected}, got ${excerpt(got)}`, {
    op: "fit",
    option: place,
    expected,
    value: got,
  });
}
