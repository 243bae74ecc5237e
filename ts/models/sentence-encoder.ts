import { checkSignal, throwIfAborted } from "../abort.js";
import { listFrom } from "../collections.js";
import { init } from "../engine/engine.js";
import { ConfigError, ShapeError } from "../errors.js";
import { Graph, type NodeId } from "../graph/graph.js";
import { excerpt } from "../excerpt.js";
import type { FileMap } from "../io/file-map.js";
import { openSafetensors, type WeightOptions } from "../io/safetensors/index.js";
import { bertConfig } from "./bert/config.js";
import { BertEncoder } from "./bert/encoder.js";
import { loadBertWeights } from "./bert/weights.js";
import { nextTask } from "../next-task.js";
import { checkOptions } from "../options.js";
import { callable, flag, oneOf, whole } from "../settings.js";
import { formatShape } from "../shape.js";
import { AdapterSet, type AdapterSelection, type Selected } from "./adapter-set.js";
import type { LoraOptions } from "./lora-options.js";
import type { ModelAdapter } from "./model-adapter.js";
import { modelSource, type ModelSource, readRequired, readRequiredJson } from "./model-source.js";
import { type RaggedBatch, raggedBatch, takeBatch, tokenBatches } from "./ragged-batch.js";
import { type WeightsOption, weightsOptions } from "./stored-weights.js";
import { TextTokenizer } from "./text-tokenizer.js";

/** How a model is loaded. */
export interface LoadOptions {
  /** Seed of adapters' initial values and dropout; default 0. */
  readonly seed?: number;
  /** Texts are cut to this many tokens; default what the model's positions allow. */
  readonly maxTokens?: number;
  /**
   * How the matrices (linear layers and embeddings) are kept: "f32" (the default), "f16" and "bf16" in half the memory,
   * rounded where the file has more bits, "auto" as the file stores them. Arithmetic is float32 in every case.
   */
  readonly weights?: WeightsOption;
  /**
   * Float32 copies of each frozen weight in the matrix product's order: 2 for speed, 1 for less memory, 0 for none. Default 2
   * for float32 weights, which are kept in one of the two and nowhere else, 0 for others.
   */
  readonly packedCopies?: 0 | 1 | 2;
  /** Take weights that are NaN or infinite; default false: they are refused by name. */
  readonly allowNonFinite?: boolean;
}

/** What every inference takes. */
export interface InferOptions {
  /** Name of the adapter that applies, null for the base alone; default the active one. */
  readonly adapter?: AdapterSelection;
  /** Cancels between two batches. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch with the number of texts done. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

const INFER_OPTIONS: readonly (keyof InferOptions)[] = ["adapter", "signal", "onProgress"];

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
  /** @internal What its adapters are, and which of them applies. */
  readonly adapterSet: AdapterSet;

  private constructor(
    /** Name of the base, which adapters record. */
    readonly name: string,
    /** The graph that weights and adapters live in. */
    readonly graph: Graph,
    /** The network itself. */
    readonly model: BertEncoder,
    /** Turns a text into token ids. */
    readonly tokenizer: TextTokenizer,
  ) {
    this.adapterSet = new AdapterSet(graph, model.linears(), name);
  }

  /**
   * Loads config.json, tokenizer.json and model.safetensors; starts the kernels where `init` was not called.
   *
   * @param source a folder, a model's name or an address (a string; what it can be depends on the runtime), the files
   *   themselves, or a `ModelSource`
   * Throws `ModelError`, `FormatError` or `UnsupportedError` where the files are not a BERT encoder.
   */
  static async load(source: string | FileMap | ModelSource, options: LoadOptions = {}): Promise<SentenceEncoder> {
    checkOptions("SentenceEncoder.load", options, ["seed", "maxTokens", "weights", "packedCopies", "allowNonFinite"]);
    const { seed = 0, weights = "f32", packedCopies, allowNonFinite = false, maxTokens: wanted } = options;
    whole("load", "seed", seed);
    oneOf("load", "weights", weights, weightsOptions);
    if (packedCopies !== undefined) whole("load", "packedCopies", packedCopies, 0, 2);
    flag("load", "allowNonFinite", allowNonFinite);
    await init();
    const from = await modelSource(source);
    const config = bertConfig(await readRequiredJson(from, "config.json"));
    const maxTokens = whole("load", "maxTokens", wanted ?? config.maxPositions, 2, config.maxPositions);
    const tokenizer = await TextTokenizer.load(from, maxTokens, config.vocabularySize);
    const graph = new Graph({ seed, packedCopies });
    try {
      const file = await openSafetensors(await readRequired(from, "model.safetensors"), "model.safetensors");
      try {
        const loaded = await loadBertWeights(graph, file, config, { allowNonFinite, weights });
        return new SentenceEncoder(from.name, graph, new BertEncoder(graph, config, loaded), tokenizer);
      } finally {
        await file.close();
      }
    } catch (error) {
      graph.dispose();
      throw error;
    }
  }

  /** Length of a sentence vector. */
  get hiddenSize(): number {
    return this.model.config.hiddenSize;
  }

  /**
   * Sentence vectors `[hidden]`, one a text, in order.
   *
   * @param options.adapter name of the adapter that applies, null for the base alone; default the active one
   * @param options.normalize scale to length 1; default false
   * @param options.onProgress called after each batch with the number of texts done
   */
  async encode(
    texts: readonly string[],
    options: InferOptions & { normalize?: boolean } = {},
  ): Promise<Float32Array[]> {
    const { graph } = this;
    checkOptions("encode", options, [...INFER_OPTIONS, "normalize"]);
    const { normalize = false, ...rest } = options;
    flag("encode", "normalize", normalize);
    return this.infer(texts, (pooled) => (normalize ? graph.normalize(pooled) : pooled), rest);
  }

  /**
   * Runs texts through the encoder batch by batch: rows of what `finish` makes of the pooled vectors, one a text. Texts
   * and adapter are taken when the call begins; what happens to them afterwards changes nothing.
   */
  async infer(
    texts: readonly string[],
    finish: (pooled: NodeId) => NodeId,
    options: InferOptions = {},
  ): Promise<Float32Array[]> {
    const { adapter, signal, onProgress } = takeInferOptions("infer", options);
    callable("infer", "finish", finish);
    const queue = takeTexts(texts);
    const { applied, end } = this.adapterSet.begin(adapter);
    try {
      const rows: Float32Array[] = [];
      for (const batch of tokenBatches(this.tokenized(queue), INFERENCE_TOKENS)) {
        throwIfAborted(signal);
        const { data, shape } = this.inferBatch(raggedBatch(batch), applied, finish);
        const [count, width] = rowsOf(shape, batch.length);
        for (let i = 0; i < count; i++) rows.push(data.slice(i * width, (i + 1) * width));
        onProgress?.(rows.length);
        await nextTask();
      }
      return rows;
    } finally {
      end();
    }
  }

  /** Token ids of each text. */
  tokenize(texts: readonly string[]): Int32Array[] {
    return [...this.tokenized(takeTexts(texts))];
  }

  /**
   * Mean-pooled vectors `[batch, hidden]` as a node, recorded for `backward`. Call it within `graph.step`. Throws
   * `ConfigError` or `ShapeError` for a batch that the model cannot look up.
   */
  pooled(batch: RaggedBatch, adapter?: AdapterSelection): NodeId {
    const applied = this.adapterSet.applied(adapter);
    const taken = takeBatch("pooled", batch, this.model.config);
    return this.graph.meanPool(this.model.forward(taken, applied), taken.offsets);
  }

  /** Texts as they are asked for: a batch waits for its own tokens only. */
  private *tokenized(texts: readonly string[]): Generator<Int32Array> {
    for (const text of texts) yield this.tokenizer.encode(text);
  }

  /** Runs a batch without gradients and reads what `finish` makes of the pooled vectors `[batch, hidden]`. */
  private inferBatch(batch: RaggedBatch, applied: Selected["applied"], finish: (pooled: NodeId) => NodeId) {
    const { graph } = this;
    const wasTraining = graph.training;
    graph.eval();
    try {
      return graph.step(() =>
        graph.noGrad(() => {
          const hidden = this.model.infer(batch, applied());
          return graph.value(finish(graph.meanPool(hidden, batch.offsets)));
        }),
      );
    } finally {
      if (wasTraining) graph.train();
    }
  }

  /** Adds a new adapter and makes it the active one. B starts at zero, so the model's output does not change yet. */
  addAdapter(name: string, options: LoraOptions = {}): void {
    this.adapterSet.add(name, options);
  }

  /**
   * Adds an adapter from PEFT's files and makes it the active one.
   *
   * @param options.allowNonFinite take values that are NaN or infinite; default false
   * Throws `AdapterError` where it does not fit.
   */
  loadAdapter(name: string, files: FileMap, options: WeightOptions = {}): void {
    this.adapterSet.load(name, files, options);
  }

  /** Frees an adapter's memory. Throws `ConfigError` while it is merged or trained. Calls under way go on with it. */
  removeAdapter(name: string): void {
    this.adapterSet.remove(name);
  }

  /** Gives an adapter another name. Throws `ConfigError` where there is one of that name. */
  renameAdapter(from: string, to: string): void {
    this.adapterSet.rename(from, to);
  }

  /** Chooses the adapter of later calls that name none; null for the base alone. Calls under way go on as they began. */
  setAdapter(name: string | null): void {
    this.adapterSet.select(name);
  }

  /**
   * Adds an adapter's update to the base weights: faster than applying it, and undone by `unmergeAdapter`. Meanwhile no
   * other adapter and not the base alone can be had. Throws `ConfigError` while calls on this model are under way.
   */
  mergeAdapter(name: string): void {
    this.adapterSet.merge(name);
  }

  /** Puts the base weights back as they were loaded, to the bit. Throws `ConfigError` where `name` is not merged. */
  unmergeAdapter(name: string): void {
    this.adapterSet.unmerge(name);
  }

  /** The adapter as PEFT's files: adapter_config.json and adapter_model.safetensors. */
  saveAdapter(name: string): FileMap {
    return this.adapterSet.save(name);
  }

  /** Names of the adapters, in the order they were added, and which is active and merged. */
  adapters(): { name: string; active: boolean; merged: boolean }[] {
    return this.adapterSet.list();
  }

  /** A, B (and magnitudes) of the active adapter; empty without one. */
  trainableParams(): NodeId[] {
    return this.adapterSet.current?.params() ?? [];
  }

  /** The adapter of that name. Throws `ConfigError` where there is none. */
  adapter(name: string): ModelAdapter {
    return this.adapterSet.get(name);
  }

  /** Frees the model and its adapters. */
  dispose(): void {
    this.graph.dispose();
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** A copy, before the first one is worked on. */
export function takeTexts(texts: readonly string[]): string[] {
  return listFrom("a list of texts is expected (write [text] for one)", texts, (text, i) => {
    if (typeof text === "string") return text;
    throw new ConfigError(`texts: each is a string, number ${i} is ${excerpt(text)}`);
  });
}

function takeInferOptions(what: string, options: InferOptions): InferOptions {
  checkOptions(what, options, INFER_OPTIONS);
  const { adapter, signal, onProgress } = options;
  checkSignal(what, signal);
  if (onProgress !== undefined) callable(what, "onProgress", onProgress);
  return { adapter, signal, onProgress };
}

/** Rows and columns of what `finish` made of `batch` texts. */
function rowsOf(shape: readonly number[], batch: number): [number, number] {
  const [count, width] = shape;
  if (shape.length === 2 && count === batch) return [batch, width!];
  throw new ShapeError(`infer: finish gives a row for each of the ${batch} texts, got ${formatShape(shape)}`, {
    shape,
  });
}
