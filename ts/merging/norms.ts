import type { Engine } from "../engine/running.js";
import type { AdapterLayer } from "../io/peft/index.js";
import { decodeTensor, dtypeBits } from "../io/safetensors/index.js";
import type { MergePlan } from "./merge-plan.js";
import { mergedValues } from "./merged-pieces.js";
import type { Pause } from "./stored-tensor.js";

/** How much an adapter changes a weight, in Frobenius norms. */
export interface ChangeNorms {
  readonly module: string;
  /** ‖W‖ */
  readonly weight: number;
  /** ‖W' − W‖ */
  readonly update: number;
}

/** ‖s·A·B‖, without computing the product: ‖A·B‖² = Σ (AᵀA)ᵢⱼ·(B·Bᵀ)ᵢⱼ, in float64. */
export function updateNorm({ loraA, loraB, scaling }: AdapterLayer): number {
  const [inFeatures, rank] = loraA.shape as [number, number];
  const outFeatures = loraB.shape[1]!;
  let square = 0;
  for (let i = 0; i < rank; i++)
    for (let j = 0; j <= i; j++) {
      let [a, b] = [0, 0];
      for (let row = 0; row < inFeatures; row++) a += loraA.data[row * rank + i]! * loraA.data[row * rank + j]!;
      for (let column = 0; column < outFeatures; column++)
        b += loraB.data[i * outFeatures + column]! * loraB.data[j * outFeatures + column]!;
      square += (i === j ? 1 : 2) * a * b;
    }
  // Rounding may make a difference of equal terms negative.
  return Math.abs(scaling) * Math.sqrt(square < 0 ? 0 : square);
}

/** The norms of each weight that a merge changes, and of its change; the base is read piece by piece, as in a merge. */
export async function* changeNorms(engine: Engine, plan: MergePlan, pause: Pause): AsyncGenerator<ChangeNorms> {
  for (const [name, change] of plan.changes) {
    if (change.kind !== "update") continue;
    const dtype = plan.base.info(name).dtype;
    const bytes = dtypeBits[dtype] / 8;
    let [weight, update] = [0, 0];
    for await (const { begin, values } of mergedValues(engine, plan.base, name, change, pause)) {
      const raw = await plan.base.raw(name, begin * bytes, (begin + values.length) * bytes);
      const old = decodeTensor(raw, dtype, name);
      for (let i = 0; i < values.length; i++) {
        weight += old[i]! * old[i]!;
        update += (values[i]! - old[i]!) * (values[i]! - old[i]!);
      }
    }
    yield { module: change.module, weight: Math.sqrt(weight), update: Math.sqrt(update) };
  }
}
