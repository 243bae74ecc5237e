import { checkRecord } from "../arguments/collections.js";
import { clip } from "../errors/excerpt.js";
import type { Graph } from "../graph/graph.js";
import type { FileMap } from "../io/file-access.js";
import {
  type Adapter,
  checkNotMerged,
  type MergedModel,
  readAdapterForBase,
  startsFromBaseWeights,
} from "../io/peft/index.js";
import { bareBiases, idlePatterns, otherFamily } from "../io/peft/doubts.js";
import type { WeightOptions } from "../io/safetensors/index.js";
import { namedModules } from "./adapted-modules.js";
import type { AdapterBase } from "./create-adapter.js";
import { type FittedAdapter, fitAdapter } from "./fit-adapter.js";
import type { MergedBase } from "./merged-base.js";

/** The modules that adapters change, and what is merged into the model's files already. */
export type ReadableBase = AdapterBase & { readonly mergedModel: MergedModel | null };

/** PEFT's files as an adapter that fits. Warns about anything unusual. Throws `AdapterError` if it does not fit. */
export function readFitting(
  what: string,
  files: FileMap | string,
  options: WeightOptions,
  graph: Graph,
  base: ReadableBase,
  merged: MergedBase,
): FittedAdapter {
  if (typeof files !== "string")
    checkRecord(
      `${what}: an adapter's files by name, as bytes ({ "adapter_config.json": …, "adapter_model.safetensors": … }), or its folder, are expected`,
      files,
    );
  const adapter = readAdapterForBase(files, options);
  checkNotMerged(what, adapter, base.name, base.mergedModel);
  // PiSSA's and OLoRA's initial values are computed from the weights as loaded.
  if (startsFromBaseWeights(adapter.config)) merged.checkNone(what);
  const fitted = fitAdapter(graph, adapter, base);
  for (const doubt of doubts(adapter, fitted, base)) console.warn(`lowrank: ${what}: ${doubt}`);
  return fitted;
}

function doubts(
  adapter: Adapter,
  { config, layers: fitted, idle, lacking }: FittedAdapter,
  base: ReadableBase,
): string[] {
  const found = [
    ...idlePatterns(adapter),
    ...bareBiases({ config, layers: fitted }, namedModules(base)),
    ...otherFamily(adapter, base),
  ];
  if (adapter.config.fanInFanOut !== config.fanInFanOut)
    found.push(
      config.fanInFanOut
        ? "fan_in_fan_out is not set, but this model's layers are Conv1D: it is set to true"
        : "fan_in_fan_out is set, but this model's layers are linear ones: it is set to false",
    );
  if (idle.length > 0)
    found.push(
      `the adapter also changes ${clip(idle.join(", "))}, which this model's files lack and its vectors do ` +
        "not depend on: kept, and saved again",
    );
  if (lacking.length > 0)
    found.push(
      `the adapter's configuration targets ${lacking.length} of this model's layers that its file has no tensors ` +
        `for, such as ${clip(lacking[0]!)}: they stay as the base has them`,
    );
  return found;
}
