import { checkNothing, WRITE_THEM } from "../arguments/nothing.js";
import { StaleNodeError } from "../errors/errors.js";
import type { Graph, NodeId } from "../graph/graph.js";
import type { FileMap, SavedFiles } from "../io/file-map.js";
import type { WeightOptions } from "../io/safetensors/index.js";
import type { AdapterSet } from "./adapter-set.js";
import type { LoraOptions } from "./lora-options.js";
import type { ModelAdapter } from "./model-adapter.js";
import type { WeightedAdapterOptions } from "./weighted/options.js";

/** A frozen base with any number of adapters, one of them active: what every kind of model has of them. */
export abstract class AdaptedModel {
  /** @internal What its adapters are, and which of them applies. */
  abstract readonly adapterSet: AdapterSet;
  /** The graph that weights and adapters live in. */
  abstract readonly graph: Graph;
  /** @internal What messages call it. */
  protected abstract readonly kind: string;

  /**
   * Adds a new adapter. B starts at zero, so the model's output does not change yet. As in PEFT, the first that is added
   * becomes the active one; further ones, and those of classifiers, change nothing about calls that name no adapter.
   */
  addAdapter(name: string, options: LoraOptions = {}): void {
    this.assertUsable("addAdapter");
    this.adapterSet.add(name, options, { what: "addAdapter" });
  }

  /**
   * Adds an adapter from PEFT's files; active as with `addAdapter` if it is the first.
   *
   * @param files by name, as bytes; where there is a file system also the path of their folder
   * @param options.allowNonFinite take values that are NaN or infinite; default false
   * Throws `AdapterError` where it does not fit, and where the model's weights hold it already (`lowrank merge`).
   */
  loadAdapter(name: string, files: FileMap | string, options: WeightOptions = {}): void {
    this.assertUsable("loadAdapter");
    this.adapterSet.load(name, files, options, { what: "loadAdapter" });
  }

  /**
   * Adds an adapter that is the weighted sum of others, as PEFT's `add_weighted_adapter` makes it; active if it is the first that no
   * classifier brought. Its scaling is 1. What the others are set to by `scaleAdapter` counts. The call does all of it before it returns:
   * types ending in "_svd" decompose a matrix of each weight's size, which takes seconds for one of a few million elements:
   * `makeWeightedAdapter` pauses meanwhile.
   *
   * Throws `ConfigError` for options that make no sense, `AdapterError` where ranks differ and must not, `UnsupportedError` for
   * adapters that are more than low-rank updates.
   *
   * @example
   * model.addWeightedAdapter("both", { adapters: ["news", "mail"], weights: [0.7, 0.3], combinationType: "cat" });
   */
  addWeightedAdapter(name: string, options: WeightedAdapterOptions): void {
    this.assertUsable("addWeightedAdapter");
    this.adapterSet.addWeighted(name, options);
  }

  /**
   * `addWeightedAdapter` with pauses in which other work has its turn, to the same bits: the adapters are taken as they are when it is
   * called.
   *
   * @param options.signal cancels within a step of the decomposition: rejects with `AbortError`, and nothing has changed
   * Rejects as `addWeightedAdapter` throws, and where the name was given to another meanwhile.
   */
  async makeWeightedAdapter(
    name: string,
    options: WeightedAdapterOptions & { readonly signal?: AbortSignal },
  ): Promise<void> {
    this.assertUsable("makeWeightedAdapter");
    await this.adapterSet.makeWeighted(name, options);
  }

  /**
   * Puts the values of PEFT's files in place of an adapter's (PEFT's `hotswap_adapter`): nothing is allocated, and its name and
   * parameters stay. Calls under way go on with the values of before.
   *
   * @param files as of `loadAdapter`
   * @param options.allowNonFinite take values that are NaN or infinite; default false
   * Throws `AdapterError`, and changes nothing, where the files have other layers or ranks; `ConfigError` while the adapter is merged or trained.
   */
  hotswapAdapter(name: string, files: FileMap | string, options: WeightOptions = {}): void {
    this.assertUsable("hotswapAdapter");
    this.adapterSet.hotswap(name, files, options);
  }

  /** Frees an adapter's memory. Throws `ConfigError` while it is merged or trained. Calls under way go on with it. */
  removeAdapter(name: string): void {
    this.adapterSet.remove(name);
  }

  /** Gives an adapter another name. Throws `ConfigError` where there is one of that name. */
  renameAdapter(from: string, to: string): void {
    this.adapterSet.rename(from, to);
  }

  /**
   * Sets what an adapter's update s·A·B is multiplied by where it applies, merging and training included: 1 as trained, 0
   * for none of it. Files don't hold it. Throws `ConfigError` while the adapter is merged or trained.
   */
  scaleAdapter(name: string, factor: number): void {
    this.adapterSet.scale(name, factor);
  }

  /**
   * Chooses the adapter of later calls of this model that name none; null for the base alone. Calls under way go on as
   * they began. A classifier's calls name its own adapter, so this changes nothing about them.
   */
  setAdapter(name: string | null): void {
    this.adapterSet.select(name);
  }

  /**
   * Adds an adapter's update to the base weights: faster than applying it, and undone by `unmergeAdapter`. Meanwhile no
   * other adapter and not the base alone can be had. Throws `ConfigError` while calls on this model are under way.
   */
  mergeAdapter(name: string): void {
    this.assertUsable("mergeAdapter");
    this.adapterSet.merge(name);
  }

  /** Puts the base weights back as they were loaded, to the bit. Throws `ConfigError` where `name` is not merged. */
  unmergeAdapter(name: string): void {
    this.assertUsable("unmergeAdapter");
    this.adapterSet.unmerge(name);
  }

  /** The adapter as PEFT's files, in memory: adapter_config.json and adapter_model.safetensors. `writeFilesAtomically` writes them. */
  saveAdapter(name: string, ...nothing: never[]): SavedFiles {
    checkNothing("saveAdapter", nothing, WRITE_THEM);
    this.assertUsable("saveAdapter");
    return this.adapterSet.save(name);
  }

  /** Names of the adapters, in the order they were added, and which is active and merged. */
  adapters(): { name: string; active: boolean; merged: boolean }[] {
    return this.adapterSet.list();
  }

  /** A, B (and magnitudes) of the active adapter; empty without one. Those of a classifier are among its `params`. */
  trainableParams(): NodeId[] {
    return this.adapterSet.current?.params() ?? [];
  }

  /** The adapter of that name. Throws `ConfigError` where there is none. */
  adapter(name: string): ModelAdapter {
    return this.adapterSet.get(name);
  }

  /** Frees the model and its adapters. Calls then throw `StaleNodeError`. */
  dispose(): void {
    this.graph.dispose();
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Throws `StaleNodeError` where it was disposed of. */
  protected assertUsable(what: string): void {
    assertModel(what, this.graph, this.kind);
  }
}

/** Throws `StaleNodeError` where a model was disposed of. */
export function assertModel(what: string, graph: Graph, kind: string): void {
  if (!graph.gone || graph.engine.closed) return;
  throw new StaleNodeError(`${what}: this ${kind} was disposed of; load it again`, { op: what, reason: "disposed" });
}
