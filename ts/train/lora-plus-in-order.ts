import { nonNegative } from "../arguments/settings.js";
import { type LoraPlusAdapter, loraPlusGroups } from "../optim/lora-plus.js";
import type { NodeId } from "../graph/graph.js";
import type { ParameterGroup } from "../optim/parameters.js";
import { learningRate } from "./fit-settings.js";
import type { FitOptions } from "./fit-options.js";

type Trained = LoraPlusAdapter & Required<Pick<LoraPlusAdapter, "params">>;

/** LoRA+'s ratio. Throws `ConfigError` for one that makes no sense, or by which B would learn at a rate above 1 without a schedule. */
export function loraPlusRatioOf(
  given: number,
  { learningRate: lr = 1e-3, schedule }: Pick<FitOptions, "learningRate" | "schedule">,
): number {
  const ratio = nonNegative("fit", "loraPlusRatio", given);
  if (schedule === undefined)
    learningRate("fit", "loraPlusRatio times learningRate", ratio * learningRate("fit", "learningRate", lr));
  else nonNegative("fit", "learningRate", lr);
  return ratio;
}

/**
 * LoRA+'s groups (`loraPlusGroups`) in the order of the adapter's parameters, and of others behind them, as a task gives them. Throws as
 * `loraPlusRatioOf`.
 */
export function loraPlusInOrder(
  adapter: Trained,
  given: number,
  options: Pick<FitOptions, "learningRate" | "schedule">,
  others: readonly NodeId[] = [],
): ParameterGroup[] {
  const [ratio, lr] = [loraPlusRatioOf(given, options), options.learningRate ?? 1e-3];
  const ofNode = new Map<NodeId, Omit<ParameterGroup, "params">>();
  for (const { params, ...settings } of loraPlusGroups(adapter, { lr, ratio, others }))
    for (const id of params) ofNode.set(id, settings);
  return [...adapter.params(), ...others].map((id) => ({ params: [id], ...ofNode.get(id) }));
}
