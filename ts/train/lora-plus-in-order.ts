import { nonNegative } from "../arguments/settings.js";
import { type LoraFactors, loraPlusGroups } from "../optim/lora-plus.js";
import type { NodeId } from "../graph/graph.js";
import type { ParameterGroup } from "../optim/parameters.js";
import { learningRate } from "./fit-settings.js";
import type { FitOptions } from "./fit-options.js";

/** An adapter, as far as its learning rates depend on it. */
interface Factors {
  readonly layers: ReadonlyMap<string, LoraFactors>;
  params(): readonly NodeId[];
}

/**
 * LoRA+'s groups (`loraPlusGroups`) in the order of the adapter's parameters, as a task gives them. Throws `ConfigError` for a ratio that
 * makes no sense, or by which B would learn at a rate above 1.
 */
export function loraPlusInOrder(
  adapter: Factors,
  given: number,
  { learningRate: lr = 1e-3, schedule }: Pick<FitOptions, "learningRate" | "schedule">,
): ParameterGroup[] {
  const ratio = nonNegative("fit", "loraPlusRatio", given);
  if (schedule === undefined)
    learningRate("fit", "loraPlusRatio times learningRate", ratio * learningRate("fit", "learningRate", lr));
  else nonNegative("fit", "learningRate", lr);
  const ofNode = new Map<NodeId, Omit<ParameterGroup, "params">>();
  for (const { params, ...settings } of loraPlusGroups(adapter, { lr, ratio }))
    for (const id of params) ofNode.set(id, settings);
  return adapter.params().map((id) => ({ params: [id], ...ofNode.get(id) }));
}
