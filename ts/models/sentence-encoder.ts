import { throwIfAborted } from "../abort.js";
import { init } from "../engine/engine.js";
import { AdapterError, ConfigError, UnsupportedError } from "../errors.js";
import { Graph, type NodeId } from "../graph/graph.js";
import type { FileMap } from "../io/file-map.js";
import { type Adapter, readAdapter, writeAdapter } from "../io/peft/index.js";
import { openSafetensors } from "../io/safetensors/index.js";
import { bertConfig } from "./bert/config.js";
import { BertEncoder } from "./bert/encoder.js";
import { loadBertWeights } from "./bert/weights.js";
import { nextTask } from "../next-task.js";
import { createAdapter, type LoraOptions } from "./lora-options.js";
import { ModelAdapter } from "./model-adapter.js";
import { modelSource, type ModelSource, readRequired, readRequiredJson } from "./model-source.js";
import { type RaggedBatch, raggedBatch, tokenBatches } from "./ragged-batch.js";
import { TextTokenizer } from "./text-tokenizer.js";

/** How a model is loaded. */
export interface LoadOptions {
  /** Seed of adapters' initial values and dropout; default 0. */
  readonly seed?: number;
  /** Texts are cut to this many tokens; default what the model's positions allow. */
  readonly maxTokens?: number;
  /** Packed copies of each frozen weight: 2 (the default) for speed, 1 for less memory. */
  readonly packedCopies?: 1 | 2;
}

/** What every inference takes. */
export interface InferOptions {
  /** Cancels between two batches. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch with the number of texts done. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** Tokens that one inference batch holds: enough for full speed, little enough for a page's memory. */
const INFERENCE_TOKENS = 1024;

/**
 * A BERT-family sentence encoder with LoRA adapters: one frozen base, any number of adapters, one of them active.
 * Sentence vectors are the mean of the last layer's tokens.
 *
 * @example
 * const encoder = await SentenceEncoder.load("./all-MiniLM-L6-v2");
 * const [vector] = await encoder.encode(["a sentence"], { normalize: true });
 */
export class SentenceEncoder {
  private readonly known = new Map<string, ModelAdapter>();
  private active: ModelAdapter | null = null;
  private merged: ModelAdapter | null = null;

  private constructor(
    /** Name of the base, which adapters record. */
    readonly name: string,
    /** The graph that weights and adapters live in. */
    readonly graph: Graph,
    /** The network itself. */
    readonly model: BertEncoder,
    /** Turns a text into token ids. */
    readonly tokenizer: TextTokenizer,
  ) {}

  /**
   * Loads config.json, tokenizer.json and model.safetensors; starts the kernels where `init` was not called.
   *
   * @param source a folder, a model's name or an address (a string; what it can be depends on the runtime), the files
   *   themselves, or a `ModelSource`
   * Throws `ModelError`, `FormatError` or `UnsupportedError` where the files are not a BERT encoder.
   */
  static async load(source: string | FileMap | ModelSource, options: LoadOptions = {}): Promise<SentenceEncoder> {
    await init();
    const from = await modelSource(source);
    const config = bertConfig(await readRequiredJson(from, "config.json"));
    const maxTokens = options.maxTokens ?? config.maxPositions;
    if (!(Number.isSafeInteger(maxTokens) && maxTokens >= 2 && maxTokens <= config.maxPositions)) {
      throw new ConfigError(`load: maxTokens is from 2 to ${config.maxPositions} for this model, got ${maxTokens}`);
    }
    const tokenizer = await TextTokenizer.load(from, maxTokens);
    const file = await openSafetensors(await readRequired(from, "model.safetensors"), "model.safetensors");
    const graph = new Graph({ seed: options.seed, packedCopies: options.packedCopies });
    try {
      const weights = await loadBertWeights(graph, file, config);
      return new SentenceEncoder(from.name, graph, new BertEncoder(graph, config, weights), tokenizer);
    } catch (error) {
      graph.dispose();
      throw error;
    } finally {
      await file.close();
    }
  }

  /** Length of a sentence vector. */
  get hiddenSize(): number {
    return this.model.config.hiddenSize;
  }

  /**
   * Sentence vectors `[hidden]`, one a text, in order.
   *
   * @param options.normalize scale to length 1; default false
   * @param options.onProgress called after each batch with the number of texts done
   */
  async encode(
    texts: readonly string[],
    options: InferOptions & { normalize?: boolean } = {},
  ): Promise<Float32Array[]> {
    const { graph } = this;
    return this.infer(texts, (pooled) => (options.normalize ? graph.normalize(pooled) : pooled), options);
  }

  /** Runs texts through the encoder batch by batch: rows of what `finish` makes of the pooled vectors, one a text. */
  async infer(
    texts: readonly string[],
    finish: (pooled: NodeId) => NodeId,
    { signal, onProgress }: InferOptions = {},
  ): Promise<Float32Array[]> {
    const rows: Float32Array[] = [];
    for (const batch of tokenBatches(this.tokenize(texts), INFERENCE_TOKENS)) {
      throwIfAborted(signal);
      const { data, shape } = this.inferBatch(raggedBatch(batch), finish);
      const [count, width] = shape as [number, number];
      for (let i = 0; i < count; i++) rows.push(data.slice(i * width, (i + 1) * width));
      onProgress?.(rows.length);
      await nextTask();
    }
    return rows;
  }

  /** Token ids of each text. */
  tokenize(texts: readonly string[]): Int32Array[] {
    return texts.map((text) => this.tokenizer.encode(text));
  }

  /** Mean-pooled vectors `[batch, hidden]` as a node, recorded for `backward`. Call it within `graph.step`. */
  pooled(batch: RaggedBatch): NodeId {
    return this.graph.meanPool(this.model.forward(batch, this.applied()), batch.offsets);
  }

  /** Runs a batch without gradients and reads what `finish` makes of the pooled vectors `[batch, hidden]`. */
  private inferBatch(batch: RaggedBatch, finish: (pooled: NodeId) => NodeId) {
    const { graph } = this;
    const wasTraining = graph.training;
    graph.eval();
    try {
      return graph.step(() =>
        graph.noGrad(() => {
          const hidden = this.model.infer(batch, this.applied());
          return graph.value(finish(graph.meanPool(hidden, batch.offsets)));
        }),
      );
    } finally {
      if (wasTraining) graph.train();
    }
  }

  /** Adds a new adapter and makes it the active one. B starts at zero, so the model's output does not change yet. */
  addAdapter(name: string, options: LoraOptions = {}): void {
    this.checkNew(name);
    this.register(createAdapter(this.graph, name, this.model.linears(), this.name, options));
  }

  /** Adds an adapter from PEFT's files and makes it the active one. Throws `AdapterError` where it does not fit. */
  loadAdapter(name: string, files: FileMap): void {
    this.checkNew(name);
    const adapter = this.fitted(readAdapter(files));
    this.register(ModelAdapter.fromFile(this.graph, name, adapter));
  }

  /** Chooses the adapter that applies from now on; null for the base alone. */
  setAdapter(name: string | null): void {
    this.active = name === null ? null : this.adapter(name);
  }

  /** Adds an adapter's update to the base weights: faster than applying it, and undone by `unmergeAdapter`. */
  mergeAdapter(name: string): void {
    const adapter = this.adapter(name);
    if (this.merged !== null) {
      throw new ConfigError(`mergeAdapter: "${this.merged.name}" is merged already; call unmergeAdapter first`);
    }
    for (const linear of this.model.linears()) linear.merge(adapter);
    this.merged = adapter;
  }

  /** Puts the base weights back as they were loaded, to the bit. Throws `ConfigError` where `name` is not merged. */
  unmergeAdapter(name: string): void {
    if (this.merged === null || this.merged !== this.adapter(name)) {
      throw new ConfigError(`unmergeAdapter: "${name}" is not merged`);
    }
    for (const linear of this.model.linears()) linear.unmerge();
    this.merged = null;
  }

  /** The adapter as PEFT's files: adapter_config.json and adapter_model.safetensors. */
  saveAdapter(name: string): FileMap {
    return writeAdapter(this.adapter(name).toFile());
  }

  /** Names of the adapters, in the order they were added, and which is active and merged. */
  adapters(): { name: string; active: boolean; merged: boolean }[] {
    return [...this.known.values()].map((adapter) => ({
      name: adapter.name,
      active: adapter === this.active,
      merged: adapter === this.merged,
    }));
  }

  /** A, B (and magnitudes) of the active adapter; empty without one. */
  trainableParams(): NodeId[] {
    return this.active?.params() ?? [];
  }

  /** The adapter of that name. Throws `ConfigError` where there is none. */
  adapter(name: string): ModelAdapter {
    const found = this.known.get(name);
    if (found !== undefined) return found;
    const names = [...this.known.keys()].map((known) => `"${known}"`).join(", ") || "none";
    throw new ConfigError(`there is no adapter "${name}"; loaded: ${names}`, { name });
  }

  /** Frees the model and its adapters. */
  dispose(): void {
    this.graph.dispose();
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** What applies on top of the weights: the active adapter, unless it is merged into them. */
  private applied(): ModelAdapter | null {
    if (this.merged === null || this.active === null) return this.active;
    if (this.active === this.merged) return null;
    throw new ConfigError(
      `"${this.merged.name}" is merged into the base while "${this.active.name}" is active: both would count; unmerge first`,
    );
  }

  private register(adapter: ModelAdapter): void {
    this.known.set(adapter.name, adapter);
    this.active = adapter;
  }

  private checkNew(name: string): void {
    if (this.known.has(name))
      throw new ConfigError(`there is an adapter "${name}" already; choose another name`, { name });
  }

  /** The adapter with module paths as this model has them ("bert." dropped), after checking that every layer fits. */
  private fitted(adapter: Adapter): Adapter {
    if (adapter.config.bias !== "none" || adapter.config.loraBias || adapter.extra.size > 0) {
      throw new UnsupportedError(
        "loadAdapter: this adapter also holds trained biases or whole modules (bias, lora_bias, modules_to_save), which an encoder does not apply yet",
        { extra: [...adapter.extra.keys()] },
      );
    }
    const parts = new Map(
      this.model.linears().flatMap((linear) => linear.parts.map((part) => [part.path, { linear, part }] as const)),
    );
    const layers = new Map(
      [...adapter.layers].map(([path, layer]) => {
        const known = parts.has(path) ? path : path.replace(/^bert\./, "");
        const found = parts.get(known);
        if (found === undefined) {
          throw new AdapterError(`loadAdapter: the adapter is for ${path}, which this encoder does not have`, {
            module: path,
          });
        }
        const [a, b] = [layer.loraA.shape, layer.loraB.shape];
        if (a[0] !== found.linear.inFeatures || b[1] !== found.part.width) {
          throw new AdapterError(
            `loadAdapter: ${path} is ${found.linear.inFeatures} → ${found.part.width} here, the adapter's A and B are ${a[0]} → ${b[1]}`,
            { module: path },
          );
        }
        return [known, layer] as const;
      }),
    );
    return { ...adapter, layers };
  }
}
