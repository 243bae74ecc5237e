import { finite } from "../arguments/settings.js";
import { ConfigError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import type { Graph } from "../graph/graph.js";
import type { FileMap, SavedFiles } from "../io/file-access.js";
import { writeAdapter } from "../io/peft/index.js";
import type { WeightOptions } from "../io/safetensors/index.js";
import { Philox } from "../nn/random.js";
import { inTraining } from "../train/task.js";
import { breather, withPauses } from "../waiting/next-task.js";
import { throwIfAborted } from "../waiting/abort.js";
import { lazyChunk } from "../waiting/lazy-chunk.js";
import { type AdapterSelection, CallAdapters, rangesOf } from "./adapter-selection.js";
import { tensorsOf } from "./adapter-parts.js";
import { createAdapter } from "./create-adapter.js";
import { type AdapterBase, MergedBase } from "./adapter-base.js";
import { type FittedAdapter, type ReadableBase, readFitting } from "./read-adapter.js";
import type { LoraOptions } from "./lora-options.js";
import { ModelAdapter } from "./model-adapter.js";
import { NamedAdapters } from "./named-adapters.js";
import { takeWeighted, type WeightedAdapterOptions } from "./weighted-options.js";

/** What combines adapters. */
export const weightedSums = /* @__PURE__ */ lazyChunk(async () => (await import("./weighted-sum.js")).weightedSum);

/** The adapter of a text: an adapter or its name, null for the base alone, undefined for the active one. */
export type AdapterChoice = ModelAdapter | string | null | undefined;

/** The purpose of a new adapter. */
export interface AddedFor {
  /** The call, for messages. */
  readonly what: string;
  /** Whether it belongs to a classifier, whose calls name it: it becomes active only by `select`. */
  readonly classifier?: boolean;
  /** Modules to leave out as if they did not exist; default: none. */
  readonly leaves?: (path: string) => boolean;
}

/** The state of a call at its start. */
export interface Begun {
  /** Texts' adapters at that time. */
  readonly adapters: CallAdapters;
  /** Version of the base's weights, which a merge changes. */
  readonly weights: number;
  /** Function to call when the call ends. */
  readonly end: () => void;
}

/**
 * The adapters of a model of any architecture: one frozen base, any number of adapters, one active, at most one merged. It knows the model
 * only as modules with PEFT's paths.
 */
export class AdapterSet {
  private readonly known = new NamedAdapters();
  private active: ModelAdapter | null = null;
  /** The weights that all adapters share. */
  readonly merged: MergedBase;

  constructor(
    private readonly graph: Graph,
    private readonly base: ReadableBase,
  ) {
    this.merged = new MergedBase(base);
  }

  /** Adds a new adapter. The first one that no classifier added becomes active. */
  add(name: string, options: LoraOptions, added: AddedFor): ModelAdapter {
    this.known.checkNew(added.what, name);
    if (beginsWithBase(options)) this.merged.checkNone(added.what);
    const base = added.leaves === undefined ? this.base : withoutModules(this.base, added.leaves);
    const make = () => createAdapter(this.graph, name, base, options, added.what);
    return this.register(this.graph.allOrNothing(make), added);
  }

  /** Adds the weighted sum of other adapters, with their values at the call. Pauses so that other work can run. */
  async addWeighted(name: string, options: WeightedAdapterOptions): Promise<void> {
    const what = "addWeightedAdapter";
    this.known.checkNew(what, name);
    const { signal, ...sum } = takeWeighted(options);
    const parts = sum.adapters.map((part) => this.get(part));
    this.known.checkHeads(what, parts);
    const paths = this.base.linears.flatMap((linear) => linear.parts.map(({ path }) => path));
    const files = parts.map((part) => part.toFile());
    const factors = parts.map((part) => part.scale);
    const { seed, streamsDrawn: first } = this.graph;
    let drawn = 0;
    const weightedSum = await weightedSums();
    throwIfAborted(signal, { op: what });
    const steps = weightedSum(files, factors, sum, paths, () => new Philox(seed, first + drawn++));
    const made = await withPauses(steps, breather(signal));
    this.known.checkNew(what, name);
    const adapter = this.graph.allOrNothing(() => ModelAdapter.ofLayers(this.graph, name, made));
    // Other calls may have drawn streams in the meantime.
    this.graph.streamsDrawn = Math.max(this.graph.streamsDrawn, first + drawn);
    this.register(adapter, { what });
  }

  /**
   * Replaces an adapter's values by those of PEFT's files with the same layers and ranks. Its name, parameters and state stay. Running
   * calls finish with the earlier values.
   */
  hotswap(name: string, files: FileMap | string, options: WeightOptions): void {
    const what = "hotswapAdapter";
    const known = this.get(name);
    this.merged.checkNot(what, known);
    this.checkUntrained(what, known);
    const fitted = this.read(what, files, options);
    const given = this.graph.allOrNothing(() => fitted.place());
    try {
      known.replace(what, given);
    } finally {
      this.graph.release([...tensorsOf(given).values()]);
    }
  }

  /** Adds an adapter from PEFT's files. Throws `AdapterError` if they do not fit, or the adapter is merged into the weights already. */
  load(name: string, files: FileMap | string, options: WeightOptions, added: AddedFor): ModelAdapter {
    this.known.checkNew(added.what, name);
    const fitted = this.read(added.what, files, options);
    const { graph } = this;
    return this.register(
      graph.allOrNothing(() => new ModelAdapter(graph, name, fitted.place())),
      added,
    );
  }

  /**
   * Frees an adapter; if it was active, the base alone applies. If the model was freed already, the adapter is only removed from the list.
   *
   * @param what the call that an error names; default "removeAdapter"
   */
  remove(name: string, what = "removeAdapter"): void {
    const adapter = this.get(name);
    const { gone } = this.graph;
    if (!gone) {
      this.merged.checkNot(what, adapter);
      this.checkUntrained(what, adapter);
      this.graph.release(adapter.nodes());
    }
    this.known.delete(adapter);
    if (this.active === adapter) this.active = null;
    this.merged.forget(adapter);
  }

  /** Renames an adapter. Running calls finish with it. */
  rename(from: string, to: string): void {
    const adapter = this.get(from);
    if (from === to) return;
    this.known.checkNew("renameAdapter", to);
    this.known.rename(adapter, to);
  }

  /** Sets the adapter of calls that name none; null for the base alone. */
  select(name: string | null): void {
    this.active = name === null ? null : this.get(name);
  }

  /** Sets the factor of an adapter's s·A·B. Running calls finish with the earlier one. */
  scale(name: string, factor: number): void {
    const adapter = this.get(name);
    finite("scaleAdapter", "factor", factor);
    this.merged.checkNot("scaleAdapter", adapter);
    this.checkUntrained("scaleAdapter", adapter);
    adapter.scale = factor;
  }

  /** Adds an adapter's update to the weights: to all layers or, on an error, to none. */
  merge(name: string): void {
    const adapter = this.get(name);
    const merged = this.merged.adapter;
    if (merged !== null) {
      throw new ConfigError(`mergeAdapter: ${excerpt(merged.name)} is merged already; call unmergeAdapter first`, {
        op: "mergeAdapter",
        name: merged.name,
        reason: "merged",
      });
    }
    this.checkIdle("mergeAdapter");
    this.merged.merge(adapter);
  }

  /** Restores the weights as loaded, bit by bit. */
  unmerge(name: string): void {
    if (this.merged.adapter === null || this.merged.adapter !== this.get(name)) {
      throw new ConfigError(`unmergeAdapter: ${excerpt(name)} is not merged`, {
        op: "unmergeAdapter",
        name,
        reason: "not merged",
      });
    }
    this.checkIdle("unmergeAdapter");
    this.merged.unmerge();
  }

  /** The adapter as PEFT's files. */
  save(name: string): SavedFiles {
    return writeAdapter(this.get(name).toFile());
  }

  /** Names in the order in which they were added. */
  list(): { name: string; active: boolean; merged: boolean }[] {
    return Array.from(this.known, (adapter) => ({
      name: adapter.name,
      active: adapter === this.active,
      merged: adapter === this.merged.adapter,
    }));
  }

  /** The adapter of calls that name none. */
  get current(): ModelAdapter | null {
    return this.active;
  }

  /** The adapter of that name. Throws `ConfigError` for an unknown name. */
  get(name: string): ModelAdapter {
    return this.known.get(name);
  }

  /** Whether an adapter is in this set and was not removed. */
  has(adapter: ModelAdapter): boolean {
    return this.known.has(adapter);
  }

  /** What to apply on top of the current weights. Throws `ConfigError` if a merged adapter makes that impossible. */
  applied(choice: AdapterChoice): ModelAdapter | null {
    return this.merged.over(choice === undefined ? this.active : choice === null ? null : this.known.find(choice));
  }

  /**
   * The adapters of a forward pass, to be recorded for `backward`.
   *
   * @param choice the adapter of all texts, or one for each text
   * @param offsets the start of each text's tokens, and the end of the last
   */
  selection(choice: AdapterChoice | readonly AdapterChoice[], offsets: Int32Array): AdapterSelection {
    if (isList(choice)) return rangesOf(this.appliedTo(choice), offsets, (adapter) => adapter);
    const adapter = this.applied(choice);
    return adapter === null ? [] : [{ adapter }];
  }

  /**
   * The adapters of a call that other calls may interrupt: their state now, kept until `end`.
   *
   * @param canWait whether the caller awaits `adapters.late`
   */
  begin(choice: AdapterChoice | readonly AdapterChoice[], canWait = false): Begun {
    const adapters = new CallAdapters(isList(choice) ? this.appliedTo(choice) : [this.applied(choice)], canWait);
    return { adapters, ...this.merged.begin() };
  }

  /** What `run` returns by the adapters' values at this call, whatever changes them meanwhile. */
  async during<T>(
    choice: AdapterChoice | readonly AdapterChoice[],
    run: (adapters: CallAdapters) => Promise<T>,
  ): Promise<T> {
    const { adapters, end } = this.begin(choice, true);
    try {
      if (adapters.late !== null) await adapters.late;
      return await run(adapters);
    } finally {
      end();
    }
  }

  /** Throws `ConfigError` if training the adapter, or a head on the base, would have no effect because an update is merged into the weights. */
  checkTrainable(adapter: ModelAdapter | null): void {
    if (adapter !== null) this.known.find(adapter);
    this.merged.checkTrainable(adapter);
  }

  /** PEFT's files as an adapter that fits. */
  private read(what: string, files: FileMap | string, options: WeightOptions): FittedAdapter {
    return readFitting(what, files, options, this.graph, this.base, this.merged);
  }

  private appliedTo(choices: readonly AdapterChoice[]): (ModelAdapter | null)[] {
    return choices.map((choice) => this.applied(choice));
  }

  /** Registers an adapter. As in PEFT, the first one becomes active, and later ones do not affect calls that name none. */
  private register(adapter: ModelAdapter, { classifier = false }: AddedFor): ModelAdapter {
    const isFirst = this.known.add(adapter, classifier);
    if (isFirst) this.active = adapter;
    return adapter;
  }

  /** The base must not change during a call. */
  private checkIdle(what: string): void {
    for (const adapter of this.known) this.checkUntrained(what, adapter);
    this.merged.checkIdle(what);
  }

  private checkUntrained(what: string, adapter: ModelAdapter): void {
    if (!inTraining(this.graph, adapter.params())) return;
    const { name } = adapter;
    const message = `${what}: ${excerpt(name)} is being trained; await that fit first`;
    throw new ConfigError(message, { op: what, name, reason: "running" });
  }
}

/** Whether the adapter replaces tensors of the base: weights, biases, or rows. */
function beginsWithBase(options: LoraOptions): boolean {
  // Invalid options are refused where they are read.
  const { initLoraWeights, bias, modulesToSave, trainableTokenIndices, dora } = Object(options) as LoraOptions;
  return (
    typeof initLoraWeights === "string" ||
    (bias ?? "none") !== "none" ||
    [modulesToSave, trainableTokenIndices].some((given) => given !== undefined && given !== null) ||
    (dora ?? false)
  );
}

const isList = (choice: AdapterChoice | readonly AdapterChoice[]): choice is readonly AdapterChoice[] =>
  Array.isArray(choice);

/** The base without some of its linear layers; layers that its files lack are not listed either. */
function withoutModules<T extends AdapterBase>(base: T, leaves: (path: string) => boolean): T {
  const linears = base.linears.filter(({ parts }) => !parts.some(({ path }) => leaves(path)));
  return { ...base, linears, absent: base.absent.filter((path) => !leaves(path)) };
}
