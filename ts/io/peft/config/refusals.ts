import { AdapterError, UnsupportedError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import type { Json } from "../../json.js";
import type { AdapterConfig } from "./config.js";

/** Fields that change what an adapter computes from x·W + (x·A)·B·scaling, and what to do about each. */
const variants: Readonly<Record<string, string>> = {
  alora_invocation_tokens:
    "an activated LoRA applies from certain tokens on; train one without alora_invocation_tokens, which applies to all",
  arrow_config: "Arrow routes each token among adapters; load those it routes among, one by one",
  enable_lora:
    "old versions' MergedLinear adapts parts of a weight; load and save the adapter with a PEFT that still has it",
  kasa_config: "KaSA changes the update; train an ordinary adapter, or merge it with PEFT's merge_and_unload",
  layer_replication:
    "replicated layers share one weight but not one update; write the grown model out as layers of its own, and train on that",
  megatron_config: "Megatron's layers are split over processes; save the adapter for the model as transformers has it",
  monteclora_config: "MonteCLoRA's update is random; merge it with PEFT's merge_and_unload",
  target_parameters:
    "it adapts parameters (a mixture's experts) and not modules; name linear layers in target_modules, or merge it with PEFT's merge_and_unload",
  use_bdlora: "its A or B is block-diagonal; merge it with PEFT's merge_and_unload",
  use_qalora: "QALoRA pools A's input in groups; merge it with PEFT's merge_and_unload",
  velora_config: "VeLoRA compresses what training keeps; train with velora_config unset",
};

const convert =
  "save it from PEFT with path_initial_model_for_weight_conversion, which makes it an ordinary adapter of twice the rank";

/** Initialisations that need more than the adapter's file, and what to do about each. */
const initialisations: readonly (readonly [RegExp, string])[] = [
  [
    /^pissa_niter_/i,
    `its vectors are random, so what it took from the base's weights cannot be computed again; ${convert}`,
  ],
  [/^(pissa|olora)$/i, `it changed the base's weights too; ${convert}, or load it on its model, where that is done`],
  [/^(corda|lora_ga)/i, `it changed the base's weights by data of its own; ${convert}`],
  [
    /^mica$/i,
    "its B is singular vectors of the base that training leaves alone, which is not done here; the tensors of a trained one are an ordinary adapter's: set init_lora_weights to true in its file",
  ],
  [/^loftq/i, "it replaced the base by a quantised one; train on the base as it is, with init_lora_weights true"],
  [
    /^eva/i,
    "it is computed from data in PEFT; the tensors of a trained one are an ordinary adapter's: set init_lora_weights to true and eva_config to null in its file",
  ],
];

/** Initialisations for which the adapter's file is sufficient. */
const complete = /^(gaussian|orthogonal)$/i;

/** Whether it is initialised from the base's weights (PiSSA, OLoRA): A₀·B₀ must then be computed from them. */
export const startsFromBaseWeights = ({ initLoraWeights }: Pick<AdapterConfig, "initLoraWeights">) =>
  typeof initLoraWeights === "string" && /^(pissa|olora)$/i.test(initLoraWeights);

function isUnset(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** Throws `UnsupportedError`, with advice, for a field that makes the adapter compute something unsupported. */
export function refuseVariants(what: string, config: AdapterConfig): void {
  for (const [name, advice] of Object.entries(variants))
    if (!isUnset(config.other.get(name)))
      throw new UnsupportedError(`${what}: ${name} is set, which is not supported: ${advice}`, { field: name });
}

/** Throws `UnsupportedError` for an initialisation that needs more than the file. */
export function refuseInitialisation(what: string, { initLoraWeights }: Pick<AdapterConfig, "initLoraWeights">): void {
  if (typeof initLoraWeights !== "string") return;
  if (complete.test(initLoraWeights)) return;
  const found = initialisations.find(([name]) => name.test(initLoraWeights));
  const advice = found?.[1] ?? `it is not known here whether it changed the base's weights; if it did, ${convert}`;
  throw new UnsupportedError(`${what}: init_lora_weights is ${excerpt(initLoraWeights)}: ${advice}`, {
    field: "init_lora_weights",
    value: initLoraWeights,
  });
}

/** Throws `AdapterError` for fields that PEFT refuses together, since one of them would have no effect. */
export function checkTogether(what: string, config: AdapterConfig): void {
  const fail = (fields: readonly string[], problem: string) =>
    new AdapterError(`${what}: ${fields.join(" and ")} do not go together: ${problem}`, { fields });
  const { targetModules, layersToTransform, layersPattern } = config;
  const layers = typeof layersToTransform === "number" || (layersToTransform?.length ?? 0) > 0;
  if (typeof targetModules === "string" && layers)
    throw fail(
      ["target_modules", "layers_to_transform"],
      "a regular expression says itself which layers it means; list names of modules instead",
    );
  if ((layersPattern?.length ?? 0) > 0 && !layers)
    throw fail(["layers_pattern", "layers_to_transform"], "a pattern alone chooses no layers; say which ones");
  if (config.loraBias && config.useDora)
    throw fail(["lora_bias", "use_dora"], "DoRA scales the update without a bias; leave one of them out");
}
