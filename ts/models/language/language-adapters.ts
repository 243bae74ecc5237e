import { type AddedFor, AdapterSet } from "../../adapters/adapter-set.js";
import type { ModelAdapter } from "../../adapters/model-adapter.js";
import type { LoraOptions } from "../../adapters/lora-options.js";
import type { ReadableBase } from "../../adapters/read-adapter.js";
import type { Graph } from "../../graph/graph.js";
import { isAllLinear } from "../../io/peft/paths/targets.js";
import type { DecoderConfig } from "../decoder/config.js";

/** The adapters of a language model. */
export const adapterSetOf = (graph: Graph, base: ReadableBase, { allLinear }: DecoderConfig): AdapterSet =>
  allLinear === undefined ? new AdapterSet(graph, base) : new NamedLinears(graph, base, allLinear);

/** Those of a model for which PEFT's "all-linear" means more than linear layers: files name the layers in its place. */
class NamedLinears extends AdapterSet {
  constructor(
    graph: Graph,
    base: ReadableBase,
    private readonly names: readonly string[],
  ) {
    super(graph, base);
  }

  override add(name: string, options: LoraOptions, added: AddedFor): ModelAdapter {
    const { targetModules } = Object(options) as LoraOptions;
    const isAll = typeof targetModules === "string" && isAllLinear(targetModules);
    return super.add(name, isAll ? { ...options, targetModules: this.names } : options, added);
  }
}
