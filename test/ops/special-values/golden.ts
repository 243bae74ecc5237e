import { readSafetensors, type Tensor } from "../../../ts/index.js";
import { goldenBytes, goldenJson } from "../../golden.js";

/** An op at special numbers, by names of tensors. Of the answers, in float32 and in float64, either will do. */
export interface OpCase {
  readonly name: string;
  readonly in: readonly string[];
  readonly cot: string;
  readonly out: readonly string[];
  readonly grads: readonly (readonly string[])[];
}

/** An optimizer's parameter after each of three steps. */
export interface OptimizerCase {
  readonly name: string;
  readonly options: Readonly<Record<string, number | boolean>>;
  readonly in: readonly [parameter: string, gradient: string];
  readonly out: string;
}

/** Gradients before and after clipping. */
export interface ClippingCase {
  readonly name: string;
  readonly limit: number | "infinite";
  readonly in: readonly string[];
  readonly norm?: string;
  readonly outs: readonly string[];
}

const file = readSafetensors(await goldenBytes("vectors/special.safetensors"));
const ofOptimizers = readSafetensors(await goldenBytes("vectors/special-optim.safetensors"));
const further = await goldenJson<{ cases: OptimizerCase[] }>("vectors/special-optim.json");

const { cases } = await goldenJson<{ cases: (OpCase | OptimizerCase | ClippingCase)[] }>("vectors/special.json");

/** What PyTorch gives at special numbers, case by case; vectors/README.md says how. */
export const opCases = cases.filter((entry): entry is OpCase => "cot" in entry);
export const optimizerCases = [
  ...cases.filter((entry): entry is OptimizerCase => "options" in entry),
  ...further.cases,
];
export const clippingCases = cases.filter((entry): entry is ClippingCase => "limit" in entry);

/** A golden tensor, bit by bit. */
export function golden(name: string): Tensor {
  return (file.has(name) ? file : ofOptimizers).tensor(name);
}
