import { checkRecord } from "../arguments/collections.js";
import { ConfigError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import type { Graph } from "../graph/graph.js";
import type { FileMap, SavedFiles } from "../io/file-map.js";
import {
  type Adapter,
  checkNotMerged,
  type MergedModel,
  readAdapterForBase,
  takesFromBase,
  writeAdapter,
} from "../io/peft/index.js";
import { idlePatterns, otherFamily } from "../io/peft/doubts.js";
import type { WeightOptions } from "../io/safetensors/index.js";
import { Philox } from "../nn/philox.js";
import { inTraining } from "../train/claims.js";
import { finite } from "../arguments/settings.js";
import type { AdapterSelection } from "./adapter-selection.js";
import { tensorsOf } from "./adapter-tensors.js";
import { CallAdapters, rangesOf } from "./call-adapters.js";
import { type FittedAdapter, fitAdapter } from "./fit-adapter.js";
import { type AdapterBase, createAdapter } from "./create-adapter.js";
import { checkOptions } from "../arguments/options.js";
import { atOnce, withPauses } from "../values/decompose/steps.js";
import { readSignal, throwIfAborted } from "../waiting/abort.js";
import { breather } from "../waiting/next-task.js";
import type { LoraOptions } from "./lora-options.js";
import { ModelAdapter } from "./model-adapter.js";
import { takeWeighted, WEIGHTED_OPTIONS, type WeightedAdapterOptions } from "./weighted/options.js";
import { weightedSum } from "./weighted/weighted-sum.js";

/** Which adapter applies to a text: an adapter or its name, null for the base alone, or, where left out, the active one. */
export type AdapterChoice = ModelAdapter | string | null | undefined;

/** Whom an adapter is added for. */
export interface AddedFor {
  /** The call, as messages name it. */
  readonly what: string;
  /** A classifier, whose calls name it: it is never the active one unless `select` says so. */
  readonly classifier?: boolean;
  /** Whether a module of the model is left alone, as if it were not there; default none. */
  readonly leaves?: (path: string) => boolean;
}

/** What a call took when it began. */
export interface Begun {
  /** Its texts' adapters as they were then. */
  readonly adapters: CallAdapters;
  /** Tells the base's weights from those before and after a merge. */
  readonly weights: number;
  /** To be called when the call ends. */
  readonly end: () => void;
}

/**
 * The adapters of a model, whatever its architecture: one frozen base, any number of adapters, one of them active, one
 * perhaps merged. Of the model it knows the modules that adapters change, which have PEFT's module paths.
 */
export class AdapterSet {
  private readonly known = new Map<string, ModelAdapter>();
  private active: ModelAdapter | null = null;
  private merged: ModelAdapter | null = null;
  /** Those that classifiers brought. */
  private readonly ofClassifiers = new Set<ModelAdapter>();
  /** How often the base's weights have changed. */
  private merges = 0;
  /** Calls that are under way on the base as it is. */
  private calls = 0;

  constructor(
    private readonly graph: Graph,
    private readonly base: AdapterBase & { readonly mergedModel: MergedModel | null },
  ) {}

  /** Everything that an adapter can be merged into. */
  private get modules() {
    const { linears, norms, tables } = this.base;
    return [...linears, ...norms, ...tables];
  }

  /** Adds a new adapter, which becomes the active one where it is the first that no classifier brought. */
  add(name: string, options: LoraOptions, added: AddedFor): ModelAdapter {
    this.checkNew(added.what, name);
    if (beginsWithBase(options)) this.checkNoneMerged(added.what);
    const base = added.leaves === undefined ? this.base : withoutModules(this.base, added.leaves);
    const make = () => createAdapter(this.graph, name, base, options, added.what);
    return this.register(this.graph.allOrNothing(make), added);
  }

  /** The same of a weighted sum of others, as they are now. */
  addWeighted(name: string, options: WeightedAdapterOptions): ModelAdapter {
    const { steps, finish } = this.weighted("addWeightedAdapter", name, options);
    return finish(atOnce(steps));
  }

  /** The same with pauses, in which others have a turn. Rejects with `AbortError`; nothing has changed then. */
  async makeWeighted(name: string, given: WeightedAdapterOptions & { readonly signal?: AbortSignal }): Promise<void> {
    const what = "makeWeightedAdapter";
    checkOptions(what, given, [...WEIGHTED_OPTIONS, "signal"]);
    const { signal: asked, ...options } = given;
    const signal = readSignal(what, "signal", asked);
    const { steps, finish } = this.weighted(what, name, options);
    throwIfAborted(signal, { op: what });
    const made = await withPauses(steps, breather(signal));
    this.checkNew(what, name);
    finish(made);
  }

  private weighted(what: string, name: string, options: WeightedAdapterOptions) {
    this.checkNew(what, name);
    const sum = takeWeighted(options);
    const parts = sum.adapters.map((part) => this.get(part));
    const paths = this.base.linears.flatMap((linear) => linear.parts.map(({ path }) => path));
    const files = parts.map((part) => part.toFile());
    const factors = parts.map((part) => part.scale);
    const { seed, streamsDrawn: first } = this.graph;
    let drawn = 0;
    const steps = weightedSum(files, factors, sum, paths, () => new Philox(seed, first + drawn++));
    const finish = (made: Adapter) => {
      const adapter = this.graph.allOrNothing(() => ModelAdapter.ofLayers(this.graph, name, made));
      // Others may have drawn meanwhile.
      this.graph.streamsDrawn = Math.max(this.graph.streamsDrawn, first + drawn);
      return this.register(adapter, { what });
    };
    return { steps, finish };
  }

  /**
   * Puts the values of PEFT's files in place of an adapter's own, which has the same layers and ranks; its name, parameters and
   * state stay. Calls under way go on with the values of before.
   */
  hotswap(name: string, files: FileMap | string, options: WeightOptions): void {
    const what = "hotswapAdapter";
    const known = this.get(name);
    this.checkUnmerged(what, known);
    this.checkUntrained(what, known);
    const fitted = this.read(what, files, options);
    const given = this.graph.allOrNothing(() => fitted.place());
    try {
      known.replace(what, given);
    } finally {
      this.graph.release([...tensorsOf(given).values()]);
    }
  }

  /** The same of PEFT's files. Throws `AdapterError` where they do not fit, or the weights hold the adapter already. */
  load(name: string, files: FileMap | string, options: WeightOptions, added: AddedFor): ModelAdapter {
    this.checkNew(added.what, name);
    const fitted = this.read(added.what, files, options);
    const { graph } = this;
    return this.register(
      graph.allOrNothing(() => new ModelAdapter(graph, name, fitted.place())),
      added,
    );
  }

  /**
   * Frees an adapter; without one that is active, the base alone applies. Where all was freed already, it is forgotten,
   * whatever state it was in.
   *
   * @param what the call that a refusal names; default "removeAdapter"
   */
  remove(name: string, what = "removeAdapter"): void {
    const adapter = this.get(name);
    const { gone } = this.graph;
    if (!gone) {
      this.checkUnmerged(what, adapter);
      this.checkUntrained(what, adapter);
      this.graph.release(adapter.nodes());
    }
    this.known.delete(name);
    this.ofClassifiers.delete(adapter);
    if (this.active === adapter) this.active = null;
    if (this.merged === adapter) this.merged = null;
  }

  /** Gives an adapter another name. Calls that are under way go on with it. */
  rename(from: string, to: string): void {
    const adapter = this.get(from);
    if (from === to) return;
    this.checkNew("renameAdapter", to);
    adapter.name = to;
    // In its place: the order is the one in which they were added.
    const all = [...this.known.values()];
    this.known.clear();
    for (const known of all) this.known.set(known.name, known);
  }

  /** Chooses what applies to calls that name nothing; null for the base alone. */
  select(name: string | null): void {
    this.active = name === null ? null : this.get(name);
  }

  /** Sets what the adapter's s·A·B is multiplied by where it applies. Calls that are under way go on as they began. */
  scale(name: string, factor: number): void {
    const adapter = this.get(name);
    finite("scaleAdapter", "factor", factor);
    this.checkUnmerged("scaleAdapter", adapter);
    this.checkUntrained("scaleAdapter", adapter);
    adapter.scale = factor;
  }

  /** Adds an adapter's update to the weights: to all layers, or, where one fails, to none. */
  merge(name: string): void {
    const adapter = this.get(name);
    if (this.merged !== null) {
      throw new ConfigError(`mergeAdapter: ${excerpt(this.merged.name)} is merged already; call unmergeAdapter first`, {
        op: "mergeAdapter",
        name: this.merged.name,
        reason: "merged",
      });
    }
    this.checkIdle("mergeAdapter");
    try {
      for (const module of this.modules) module.merge(adapter);
    } catch (error) {
      for (const module of this.modules) module.unmerge();
      throw error;
    }
    this.merged = adapter;
    this.merges++;
  }

  /** Puts the weights back as they were loaded, to the bit. */
  unmerge(name: string): void {
    if (this.merged === null || this.merged !== this.get(name)) {
      throw new ConfigError(`unmergeAdapter: ${excerpt(name)} is not merged`, {
        op: "unmergeAdapter",
        name,
        reason: "not merged",
      });
    }
    this.checkIdle("unmergeAdapter");
    for (const module of this.modules) module.unmerge();
    this.merged = null;
    this.merges++;
  }

  /** PEFT's files. */
  save(name: string): SavedFiles {
    return writeAdapter(this.get(name).toFile());
  }

  /** Names in the order they were added. */
  list(): { name: string; active: boolean; merged: boolean }[] {
    return [...this.known.values()].map((adapter) => ({
      name: adapter.name,
      active: adapter === this.active,
      merged: adapter === this.merged,
    }));
  }

  /** The adapter that applies to calls that name nothing. */
  get current(): ModelAdapter | null {
    return this.active;
  }

  /** The adapter of that name. Throws `ConfigError` where there is none. */
  get(name: string): ModelAdapter {
    const found = this.known.get(name);
    if (found !== undefined) return found;
    const names = clip([...this.known.keys()].map((known) => `"${known}"`).join(", ")) || "none";
    throw new ConfigError(`there is no adapter ${excerpt(name)}; loaded: ${names}`, { name });
  }

  /** Whether an adapter is one of these, and was not removed. */
  has(adapter: ModelAdapter): boolean {
    return this.known.get(adapter.name) === adapter;
  }

  /** What applies on top of the weights now. Throws `ConfigError` where a merged adapter makes that impossible. */
  applied(choice: AdapterChoice): ModelAdapter | null {
    const chosen = choice === undefined ? this.active : choice === null ? null : this.find(choice);
    if (this.merged === null) return chosen;
    if (chosen === this.merged) return null;
    const [merged, wanted] = [
      `${excerpt(this.merged.name)}`,
      chosen === null ? "the base alone" : `${excerpt(chosen.name)}`,
    ];
    throw new ConfigError(
      `${merged} is merged into the base, so ${wanted} cannot be had: call unmergeAdapter first, or name ${merged}`,
      { name: this.merged.name, value: chosen?.name ?? null, reason: "merged" },
    );
  }

  /**
   * What a forward pass takes now, to be recorded for `backward`.
   *
   * @param choice the adapter of all texts, or one a text
   * @param offsets where each text's tokens start, and the last one's end
   */
  selection(choice: AdapterChoice | readonly AdapterChoice[], offsets: Int32Array): AdapterSelection {
    if (isList(choice)) return rangesOf(this.appliedTo(choice), offsets, (adapter) => adapter);
    const adapter = this.applied(choice);
    return adapter === null ? [] : [{ adapter }];
  }

  /** What applies to a call that may be interrupted by others: taken now, kept until `end`. */
  begin(choice: AdapterChoice | readonly AdapterChoice[]): Begun {
    const adapters = new CallAdapters(isList(choice) ? this.appliedTo(choice) : [this.applied(choice)]);
    this.calls++;
    return { adapters, weights: this.merges, end: () => void this.calls-- };
  }

  /** Throws `ConfigError` where training the adapter, or a head on the base, would be in vain: an update is in the weights. */
  checkTrainable(adapter: ModelAdapter | null): void {
    if (adapter !== null) this.find(adapter);
    if (this.merged === null) return;
    const trained = adapter === null ? "a head on the base alone" : excerpt(adapter.name);
    throw new ConfigError(
      `fit: ${excerpt(this.merged.name)} is merged into the base, so ${trained} cannot be trained: call unmergeAdapter first`,
      { op: "fit", name: this.merged.name, value: adapter?.name ?? null, reason: "merged" },
    );
  }

  /** PEFT's files as an adapter that fits. */
  private read(what: string, files: FileMap | string, options: WeightOptions): FittedAdapter {
    if (typeof files !== "string")
      checkRecord(
        `${what}: an adapter's files by name, as bytes ({ "adapter_config.json": …, "adapter_model.safetensors": … }), or its folder, are expected`,
        files,
      );
    const { graph, base } = this;
    const adapter = readAdapterForBase(files, options);
    checkNotMerged(what, adapter, base.name, base.mergedModel);
    // What PiSSA and OLoRA took is found in the weights as they were loaded.
    if (takesFromBase(adapter.config)) this.checkNoneMerged(what);
    const fitted = fitAdapter(graph, adapter, base);
    for (const doubt of [...idlePatterns(adapter), ...otherFamily(adapter, base)])
      console.warn(`lowrank: ${what}: ${doubt}`);
    if (adapter.config.fanInFanOut)
      console.warn(
        `lowrank: ${what}: fan_in_fan_out is set, but this model's layers are linear ones: it is set to false`,
      );
    if (fitted.idle.length > 0)
      console.warn(
        `lowrank: ${what}: the adapter also changes ${clip(fitted.idle.join(", "))}, which this model's files lack and its vectors do ` +
          "not depend on: kept, and saved again",
      );
    if (fitted.lacking.length > 0)
      console.warn(
        `lowrank: ${what}: the adapter's configuration targets ${fitted.lacking.length} of this model's layers that its file has no tensors ` +
          `for, such as ${clip(fitted.lacking[0]!)}: they stay as the base has them`,
      );
    return fitted;
  }

  private appliedTo(choices: readonly AdapterChoice[]): (ModelAdapter | null)[] {
    return choices.map((choice) => this.applied(choice));
  }

  private find(selection: ModelAdapter | string): ModelAdapter {
    if (typeof selection === "string") return this.get(selection);
    if (!(selection instanceof ModelAdapter)) {
      throw new ConfigError(`an adapter is chosen by its name, null is the base alone, got ${excerpt(selection)}`, {
        option: "adapter",
        expected: "a name or null",
        value: selection,
      });
    }
    if (this.has(selection)) return selection;
    throw new ConfigError(`adapter ${excerpt(selection.name)} was removed from this model, or is another model's`, {
      name: selection.name,
      reason: "unknown",
    });
  }

  /** As in PEFT, the first adapter applies to calls that name none, and further ones change nothing about them. */
  private register(adapter: ModelAdapter, { classifier = false }: AddedFor): ModelAdapter {
    const isFirst = this.known.size === this.ofClassifiers.size;
    this.known.set(adapter.name, adapter);
    if (classifier) this.ofClassifiers.add(adapter);
    else if (isFirst) this.active = adapter;
    return adapter;
  }

  private checkNew(what: string, name: string): void {
    if (typeof name !== "string" || name === "") {
      throw new ConfigError(`${what}: an adapter's name is a string that is not empty, got ${excerpt(name)}`, {
        op: what,
        option: "name",
        expected: "a string that is not empty",
        value: name,
      });
    }
    const known = this.known.get(name);
    if (known === undefined) return;
    const whose = this.ofClassifiers.has(known) ? ", a classifier's: `dispose()` of that classifier frees it" : "";
    const instead = this.ofClassifiers.has(known) ? "" : `: \`removeAdapter(${excerpt(name)})\` frees it`;
    const other = what.startsWith("TextClassifier") ? "name another with the option `adapter`" : "choose another name";
    throw new ConfigError(`${what}: there is an adapter ${excerpt(name)} already${whose}${instead}, or ${other}`, {
      op: what,
      name,
    });
  }

  /** The base may not change under a call that has begun. */
  private checkIdle(what: string): void {
    for (const adapter of this.known.values()) this.checkUntrained(what, adapter);
    if (this.calls === 0) return;
    throw new ConfigError(
      `${what}: ${this.calls} ${this.calls === 1 ? "call is" : "calls are"} under way on this model; await it first`,
      { op: what, reason: "running" },
    );
  }

  /** What begins with the base's own weights must not see an update in them. */
  private checkNoneMerged(what: string): void {
    if (this.merged === null) return;
    const { name } = this.merged;
    throw new ConfigError(`${what}: ${excerpt(name)} is merged into the base's weights; call unmergeAdapter first`, {
      ...{ op: what, name, reason: "merged" },
    });
  }

  private checkUnmerged(what: string, adapter: ModelAdapter): void {
    if (adapter !== this.merged) return;
    const { name } = adapter;
    const message = `${what}: ${excerpt(name)} is merged; call unmergeAdapter first`;
    throw new ConfigError(message, { op: what, name, reason: "merged" });
  }

  private checkUntrained(what: string, adapter: ModelAdapter): void {
    if (!inTraining(this.graph, adapter.params())) return;
    const { name } = adapter;
    const message = `${what}: ${excerpt(name)} is being trained; await that fit first`;
    throw new ConfigError(message, { op: what, name, reason: "running" });
  }
}

/** Whether the adapter takes tensors from the base: its weights, biases, or rows. */
function beginsWithBase(options: LoraOptions): boolean {
  // What is no options is refused where they are read.
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

/** A base in which some of its linear layers are not there; none of those that its files lack is spoken of. */
function withoutModules<T extends AdapterBase>(base: T, leaves: (path: string) => boolean): T {
  const linears = base.linears.filter(({ parts }) => !parts.some(({ path }) => leaves(path)));
  return { ...base, linears, absent: base.absent.filter((path) => !leaves(path)) };
}
