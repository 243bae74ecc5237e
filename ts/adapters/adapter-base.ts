import { ConfigError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import type { AdaptedEmbedding } from "./adapted-embedding.js";
import type { AdaptedLinear } from "./adapted-linear.js";
import type { AdaptedNorm } from "./adapted-norm.js";
import type { ModelAdapter } from "./model-adapter.js";
import type { OutputLayer } from "./output-layer.js";

/** The modules of a model that adapters can change. */
export interface AdaptedModules {
  readonly linears: readonly AdaptedLinear[];
  /** The one that computes a language model's logits, which "all-linear" leaves out; undefined for encoders. */
  readonly output?: OutputLayer | undefined;
  readonly norms: readonly AdaptedNorm[];
  /** Embedding tables, the word embeddings first. */
  readonly tables: readonly AdaptedEmbedding[];
  /** Paths of linear layers that are not in the model's files and do not affect its vectors, such as BERT's pooler. */
  readonly absent: readonly string[];
}

/** What a new adapter needs to know about the model. */
export interface AdapterBase extends AdaptedModules {
  /** The base's name, which the adapter records. */
  readonly name: string;
  /** Default target modules. */
  readonly targetModules: readonly string[];
  /** `model_type` of its config.json. */
  readonly modelType: string;
}

/** Modules of a model by path; for linear ones, whether they have a bias. */
export const namedModules = ({ linears, norms, tables, absent }: AdaptedModules) => [
  ...linears.flatMap(({ parts, hasBias }) => parts.map(({ path }) => ({ path, hasBias }))),
  ...[...norms, ...tables].map(({ path }) => ({ path })),
  ...absent.map((path) => ({ path })),
];

/** The weights that a model's adapters share: which adapter is merged into them, and how many calls are running on them. */
export class MergedBase {
  private merged: ModelAdapter | null = null;
  /** How often the weights have changed. */
  private merges = 0;
  /** Number of calls running on the current weights. */
  private calls = 0;

  constructor(private readonly base: AdapterBase) {}

  /** The adapter that is merged into the weights. */
  get adapter(): ModelAdapter | null {
    return this.merged;
  }

  /** All modules that an adapter can be merged into. */
  private get modules() {
    const { linears, norms, tables } = this.base;
    return [...linears, ...norms, ...tables];
  }

  /** Adds an adapter's update to the weights: to all modules or, on an error, to none. */
  merge(adapter: ModelAdapter): void {
    try {
      for (const module of this.modules) module.merge(adapter);
    } catch (error) {
      for (const module of this.modules) module.unmerge();
      throw error;
    }
    this.merged = adapter;
    this.merges++;
  }

  /** Restores the weights as loaded, bit by bit. */
  unmerge(): void {
    for (const module of this.modules) module.unmerge();
    this.merged = null;
    this.merges++;
  }

  /** Forgets an adapter that was freed with the model. */
  forget(adapter: ModelAdapter): void {
    if (this.merged === adapter) this.merged = null;
  }

  /** Starts a call. Returns the version of the weights, and a function that ends the call. */
  begin(): { readonly weights: number; readonly end: () => void } {
    this.calls++;
    return { weights: this.merges, end: () => void this.calls-- };
  }

  /** What to apply on top of the weights for `chosen`. Throws `ConfigError` if a merged adapter makes that impossible. */
  over(chosen: ModelAdapter | null): ModelAdapter | null {
    if (this.merged === null) return chosen;
    if (chosen === this.merged) return null;
    const merged = excerpt(this.merged.name);
    const wanted = chosen === null ? "the base alone" : excerpt(chosen.name);
    throw new ConfigError(
      `${merged} is merged into the base, so ${wanted} cannot be had: call unmergeAdapter first, or name ${merged}`,
      { name: this.merged.name, value: chosen?.name ?? null, reason: "merged" },
    );
  }

  /** The weights must not change during a call. */
  checkIdle(what: string): void {
    if (this.calls === 0) return;
    throw new ConfigError(
      `${what}: ${this.calls} ${this.calls === 1 ? "call is" : "calls are"} under way on this model; await all first`,
      { op: what, reason: "running" },
    );
  }

  /** An adapter that starts from the base's own weights must not include a merged update. */
  checkNone(what: string): void {
    if (this.merged === null) return;
    const { name } = this.merged;
    throw new ConfigError(`${what}: ${excerpt(name)} is merged into the base's weights; call unmergeAdapter first`, {
      op: what,
      name,
      reason: "merged",
    });
  }

  /** Throws `ConfigError` if that adapter is merged. */
  checkNot(what: string, adapter: ModelAdapter): void {
    if (adapter !== this.merged) return;
    const { name } = adapter;
    const message = `${what}: ${excerpt(name)} is merged; call unmergeAdapter first`;
    throw new ConfigError(message, { op: what, name, reason: "merged" });
  }

  /** Throws `ConfigError` if training the adapter, or a head on the base, would have no effect because an update is merged into the weights. */
  checkTrainable(adapter: ModelAdapter | null): void {
    if (this.merged === null) return;
    const trained = adapter === null ? "a head on the base alone" : excerpt(adapter.name);
    throw new ConfigError(
      `fit: ${excerpt(this.merged.name)} is merged into the base, so ${trained} cannot be trained: call unmergeAdapter first`,
      { op: "fit", name: this.merged.name, value: adapter?.name ?? null, reason: "merged" },
    );
  }
}
