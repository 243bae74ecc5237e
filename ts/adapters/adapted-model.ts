import { checkNothing, WRITE_THEM } from "../arguments/options.js";
import { StaleNodeError } from "../errors/errors.js";
import type { Graph, NodeId } from "../graph/graph.js";
import type { FileMap, SavedFiles } from "../io/file-access.js";
import type { WeightOptions } from "../io/safetensors/index.js";
import type { AdapterSet } from "./adapter-set.js";
import type { LoraOptions } from "./lora-options.js";
import type { ModelAdapter } from "./model-adapter.js";
import type { WeightedAdapterOptions } from "./weighted-options.js";

/** A frozen base with any number of adapters, one of them active: the base class of all models. */
export abstract class AdaptedModel {
  /** @internal Its adapters, and which of them applies. */
  abstract readonly adapterSet: AdapterSet;
  /** The graph that weights and adapters live in. */
  abstract readonly graph: Graph;
  /** @internal What messages call it. */
  protected abstract readonly kind: string;

  /**
   * Adds a new adapter. B starts at zero, so outputs do not change yet. As in PEFT, the first adapter becomes active; later ones, and those
   * of classifiers, do not affect calls that name no adapter.
   */
  addAdapter(name: string, options: LoraOptions = {}): void {
    this.assertUsable("addAdapter");
    this.adapterSet.add(name, options, { what: "addAdapter" });
  }

  /**
   * Adds an adapter from PEFT's files. It becomes active as with `addAdapter`.
   *
   * @param files by name, as bytes; in runtimes with a file system also the path of their folder
   * @param options.allowNonFinite accept values that are NaN or infinite; default false
   * Throws `AdapterError` if it does not fit, or is merged into the model's weights already (`lowrank merge`).
   */
  loadAdapter(name: string, files: FileMap | string, options: WeightOptions = {}): void {
    this.assertUsable("loadAdapter");
    this.adapterSet.load(name, files, options, { what: "loadAdapter" });
  }

  /**
   * Adds the weighted sum of other adapters, as PEFT's `add_weighted_adapter` does. It becomes active as with `addAdapter`. Its scaling is 1;
   * the sum includes the factors set by `scaleAdapter`. The adapters' values are those at the call. Types ending in "_svd" decompose a
   * matrix of each weight's size, which takes seconds for a few million elements; other work runs in between.
   *
   * Rejects with `ConfigError` for invalid options and for a name that is in use, `AdapterError` for ranks that differ where they must not,
   * `UnsupportedError` for adapters with more than low-rank updates, `AbortError` when cancelled. The model is then as before.
   *
   * @example
   * await model.addWeightedAdapter("both", { adapters: ["news", "mail"], weights: [0.7, 0.3], combinationType: "cat" });
   */
  async addWeightedAdapter(name: string, options: WeightedAdapterOptions): Promise<void> {
    this.assertUsable("addWeightedAdapter");
    await this.adapterSet.addWeighted(name, options);
  }

  /**
   * Replaces an adapter's values by those of PEFT's files (PEFT's `hotswap_adapter`) without allocating memory. Its name and parameters
   * stay. Running calls finish with the earlier values.
   *
   * @param files as of `loadAdapter`
   * @param options.allowNonFinite accept values that are NaN or infinite; default false
   * Throws `AdapterError` if the files have other layers or ranks, `ConfigError` while the adapter is merged or trained; the adapter is
   * then as before.
   */
  hotswapAdapter(name: string, files: FileMap | string, options: WeightOptions = {}): void {
    this.assertUsable("hotswapAdapter");
    this.adapterSet.hotswap(name, files, options);
  }

  /** Frees an adapter's memory. Throws `ConfigError` while it is merged or trained. Running calls finish with it. */
  removeAdapter(name: string): void {
    this.adapterSet.remove(name);
  }

  /** Renames an adapter. Throws `ConfigError` if the new name is in use. */
  renameAdapter(from: string, to: string): void {
    this.adapterSet.rename(from, to);
  }

  /**
   * Sets a factor for an adapter's update s·A·B wherever it applies, in merging and training too: 1 as trained, 0 for no update. Files do
   * not record it. Throws `ConfigError` while the adapter is merged or trained.
   */
  scaleAdapter(name: string, factor: number): void {
    this.adapterSet.scale(name, factor);
  }

  /**
   * Chooses the active adapter, for later calls that name none; null for the base alone. Running calls are not affected, nor are a
   * classifier's, which use its own adapter.
   */
  setAdapter(name: string | null): void {
    this.adapterSet.select(name);
  }

  /**
   * Adds an adapter's update to the base weights: faster than applying it; `unmergeAdapter` undoes it. Until then, calls for another
   * adapter or for the base alone throw. Throws `ConfigError` while calls on this model are running.
   */
  mergeAdapter(name: string): void {
    this.assertUsable("mergeAdapter");
    this.adapterSet.merge(name);
  }

  /** Restores the base weights as loaded, bit by bit. Throws `ConfigError` if `name` is not merged. */
  unmergeAdapter(name: string): void {
    this.assertUsable("unmergeAdapter");
    this.adapterSet.unmerge(name);
  }

  /** The adapter as PEFT's files, in memory: adapter_config.json and adapter_model.safetensors. Write them with `writeFilesAtomically`. */
  saveAdapter(name: string, ...nothing: never[]): SavedFiles {
    checkNothing("saveAdapter", nothing, WRITE_THEM);
    this.assertUsable("saveAdapter");
    return this.adapterSet.save(name);
  }

  /** All adapters in the order in which they were added; which is active, which is merged. */
  adapters(): { name: string; active: boolean; merged: boolean }[] {
    return this.adapterSet.list();
  }

  /** A and B (and magnitudes) of the active adapter; empty without one. A classifier's are in its `params`. */
  trainableParams(): NodeId[] {
    return this.adapterSet.current?.params() ?? [];
  }

  /** An adapter by its name. Throws `ConfigError` for an unknown name. */
  adapter(name: string): ModelAdapter {
    return this.adapterSet.get(name);
  }

  /** Frees the model and its adapters. Later calls throw `StaleNodeError`. */
  dispose(): void {
    this.graph.dispose();
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Throws `StaleNodeError` if it was disposed. */
  protected assertUsable(what: string): void {
    assertModel(what, this.graph, this.kind);
  }
}

/** Throws `StaleNodeError` if a model was disposed. */
export function assertModel(what: string, graph: Graph, kind: string): void {
  if (!graph.gone || graph.engine.closed) return;
  throw new StaleNodeError(`${what}: this ${kind} was disposed; load it again`, { op: what, reason: "disposed" });
}
