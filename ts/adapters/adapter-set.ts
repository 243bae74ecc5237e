import { checkOptions } from "../arguments/options.js";
import { finite } from "../arguments/settings.js";
import { ConfigError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import type { Graph } from "../graph/graph.js";
import type { FileMap, SavedFiles } from "../io/file-map.js";
import { type Adapter, writeAdapter } from "../io/peft/index.js";
import type { WeightOptions } from "../io/safetensors/index.js";
import { Philox } from "../nn/philox.js";
import { inTraining } from "../train/claims.js";
import { atOnce, withPauses } from "../values/decompose/steps.js";
import { readSignal, throwIfAborted } from "../waiting/abort.js";
import { breather } from "../waiting/next-task.js";
import type { AdapterSelection } from "./adapter-selection.js";
import { tensorsOf } from "./adapter-tensors.js";
import { CallAdapters, rangesOf } from "./call-adapters.js";
import { type AdapterBase, createAdapter } from "./create-adapter.js";
import type { FittedAdapter } from "./fit-adapter.js";
import type { LoraOptions } from "./lora-options.js";
import { MergedBase } from "./merged-base.js";
import { ModelAdapter } from "./model-adapter.js";
import { NamedAdapters } from "./named-adapters.js";
import { type ReadableBase, readFitting } from "./read-adapter.js";
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
  private readonly known = new NamedAdapters();
  private active: ModelAdapter | null = null;
  /** The weights that all of them share. */
  readonly merged: MergedBase;

  constructor(
    private readonly graph: Graph,
    private readonly base: ReadableBase,
  ) {
    this.merged = new MergedBase(base);
  }

  /** Adds a new adapter, which becomes the active one where it is the first that no classifier brought. */
  add(name: string, options: LoraOptions, added: AddedFor): ModelAdapter {
    this.known.checkNew(added.what, name);
    if (beginsWithBase(options)) this.merged.checkNone(added.what);
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
    this.known.checkNew(what, name);
    finish(made);
  }

  private weighted(what: string, name: string, options: WeightedAdapterOptions) {
    this.known.checkNew(what, name);
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

  /** The same of PEFT's files. Throws `AdapterError` where they do not fit, or the weights hold the adapter already. */
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
   * Frees an adapter; without one that is active, the base alone applies. Where all was freed already, it is forgotten,
   * whatever state it was in.
   *
   * @param what the call that a refusal names; default "removeAdapter"
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

  /** Gives an adapter another name. Calls that are under way go on with it. */
  rename(from: string, to: string): void {
    const adapter = this.get(from);
    if (from === to) return;
    this.known.checkNew("renameAdapter", to);
    this.known.rename(adapter, to);
  }

  /** Chooses what applies to calls that name nothing; null for the base alone. */
  select(name: string | null): void {
    this.active = name === null ? null : this.get(name);
  }

  /** Sets what the adapter's s·A·B is multiplied by where it applies. Calls that are under way go on as they began. */
  scale(name: string, factor: number): void {
    const adapter = this.get(name);
    finite("scaleAdapter", "factor", factor);
    this.merged.checkNot("scaleAdapter", adapter);
    this.checkUntrained("scaleAdapter", adapter);
    adapter.scale = factor;
  }

  /** Adds an adapter's update to the weights: to all layers, or, where one fails, to none. */
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

  /** Puts the weights back as they were loaded, to the bit. */
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

  /** PEFT's files. */
  save(name: string): SavedFiles {
    return writeAdapter(this.get(name).toFile());
  }

  /** Names in the order they were added. */
  list(): { name: string; active: boolean; merged: boolean }[] {
    return Array.from(this.known, (adapter) => ({
      name: adapter.name,
      active: adapter === this.active,
      merged: adapter === this.merged.adapter,
    }));
  }

  /** The adapter that applies to calls that name nothing. */
  get current(): ModelAdapter | null {
    return this.active;
  }

  /** The adapter of that name. Throws `ConfigError` where there is none. */
  get(name: string): ModelAdapter {
    return this.known.get(name);
  }

  /** Whether an adapter is one of these, and was not removed. */
  has(adapter: ModelAdapter): boolean {
    return this.known.has(adapter);
  }

  /** What applies on top of the weights now. Throws `ConfigError` where a merged adapter makes that impossible. */
  applied(choice: AdapterChoice): ModelAdapter | null {
    return this.merged.over(choice === undefined ? this.active : choice === null ? null : this.known.find(choice));
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
    return { adapters, ...this.merged.begin() };
  }

  /** Throws `ConfigError` where training the adapter, or a head on the base, would be in vain: an update is in the weights. */
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

  /** As in PEFT, the first adapter applies to calls that name none, and further ones change nothing about them. */
  private register(adapter: ModelAdapter, { classifier = false }: AddedFor): ModelAdapter {
    const isFirst = this.known.add(adapter, classifier);
    if (isFirst) this.active = adapter;
    return adapter;
  }

  /** The base may not change under a call that has begun. */
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
