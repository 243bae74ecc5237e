import { type AdapterChoice, AdapterSet } from "../../adapters/adapter-set.js";
import type { LoraOptions } from "../../adapters/lora-options.js";
import type { WeightedAdapterOptions } from "../../adapters/weighted/options.js";
import type { ModelAdapter } from "../../adapters/model-adapter.js";
import { checkNothing, WRITE_THEM } from "../../arguments/nothing.js";
import { checkOptions } from "../../arguments/options.js";
import { callable } from "../../arguments/settings.js";
import { ConfigError, StaleNodeError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import type { FileMap, SavedFiles } from "../../io/file-map.js";
import type { ModelSource } from "../../io/model-source.js";
import type { MergedModel } from "../../io/peft/index.js";
import type { WeightOptions } from "../../io/safetensors/index.js";
import type { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import type { Tensor } from "../../values/tensor.js";
import type { TransformerModel } from "../architecture.js";
import { type ForwardOptions, takeForwardOptions } from "../layer-checkpoint.js";
import { type RaggedBatch, takeBatch } from "../ragged-batch.js";
import { INFER_OPTIONS, type InferOptions, takeAdapters, takeInferOptions, takeTexts } from "./infer-options.js";
import { inferTexts, rowsOf, tokenized } from "./inference.js";
import type { EncodeOptions, LoadOptions } from "./encoder-options.js";
import { encodingOf } from "./encoding.js";
import type { LoadedHead } from "./head-layer.js";
import type { SentenceLayout } from "./layout.js";
import { type EncoderParts, loadEncoder } from "./load-encoder.js";
import type { Pooling } from "./pooling.js";

/**
 * A sentence encoder with LoRA adapters: one frozen base, any number of adapters, one of them active. Sentence vectors are the
 * mean of the last layer's tokens, or what the model's files say.
 *
 * @example
 * const encoder = await SentenceEncoder.load("./all-MiniLM-L6-v2");
 * const [vector] = await encoder.encode(["a sentence"], { normalize: true });
 */
export class SentenceEncoder {
  /** @internal What its adapters are, and which of them applies. */
  readonly adapterSet: AdapterSet;

  /** Name of the base, which adapters record. */
  readonly name: string;
  /** The graph that weights and adapters live in. */
  readonly graph: Graph;
  /** The network itself. */
  readonly model: TransformerModel;
  /** Turns a text into token ids. */
  readonly tokenizer: TextTokenizer;
  /** @internal Tells its weights, as the files have them, with those of layers behind the pooling, and its tokenizer from others. */
  readonly fingerprint: string;
  /** @internal The same without those layers, as it was taken before they counted: classifiers of that time name it. */
  readonly weightsFingerprint: string;
  /** @internal What was merged into these weights before they were loaded; null where nothing was. */
  readonly mergedModel: MergedModel | null;
  /** @internal What sentence-transformers' files say. */
  readonly layout: SentenceLayout;
  /** @internal The head of its checkpoint, whose layer before the last the vectors have gone through; null for none. */
  readonly head: LoadedHead | null;

  private constructor({
    name,
    graph,
    model,
    tokenizer,
    layout,
    targetModules,
    fingerprint,
    weightsFingerprint,
    mergedModel,
    head,
  }: EncoderParts) {
    this.name = name;
    this.graph = graph;
    this.model = model;
    this.tokenizer = tokenizer;
    this.layout = layout;
    this.fingerprint = fingerprint;
    this.weightsFingerprint = weightsFingerprint;
    this.mergedModel = mergedModel;
    this.head = head;
    const linears = [...model.linears(), ...(head?.linears ?? [])];
    const { norms, tables, absent } = model;
    this.adapterSet = new AdapterSet(graph, { linears, norms, tables, absent, name, targetModules, mergedModel });
  }

  /**
   * Loads config.json, tokenizer.json and model.safetensors (or the files that model.safetensors.index.json names), and heeds
   * what sentence-transformers' files say where the model has them; calls `init` where no engine is given.
   *
   * @param source a folder, a model's name or an address (a string; what it can be depends on the runtime), the files
   *   themselves, or a `ModelSource`
   * Throws `ModelError`, `FormatError` or `UnsupportedError` where the files are not an encoder of a known architecture.
   */
  static async load(
    source: string | FileMap | ModelSource,
    options: LoadOptions = {},
    /**
     * @internal Whether vectors go through the head of a checkpoint for sequence classification, up to its last layer; tensors of it
     * that go before the file's.
     */
    withHead: ReadonlyMap<string, Tensor> | null = null,
  ): Promise<SentenceEncoder> {
    return new SentenceEncoder(await loadEncoder(source, options, withHead));
  }

  /** Length of a sentence vector. */
  get hiddenSize(): number {
    return this.pooling.width(this.model.config.hiddenSize);
  }

  /** @internal How tokens become a text's vector. */
  get pooling(): Pooling {
    return this.layout.pooling;
  }

  /**
   * Sentence vectors `[hidden]`, one a text, in order.
   *
   * Texts with adapters of their own share batches, and each gets the bits that a call for its adapter alone gives.
   *
   * @param options.adapter name of the adapter that applies, null for the base alone; default the active one
   * @param options.adapters in place of `adapter`, one a text: its adapter's name, or null for the base alone
   * @param options.normalize scale to length 1; default what the model's modules.json says, where there is one, else false
   * @param options.prompt put before every text; default the model's default prompt, where it has one, else nothing
   * @param options.promptName in place of `prompt`: the name of one that the model has, such as "query"
   * @param options.onProgress called after each batch with the number of texts done
   */
  async encode(texts: readonly string[], options: EncodeOptions = {}): Promise<Float32Array[]> {
    checkUsable("encode", this);
    checkOptions("encode", options, [...INFER_OPTIONS, "normalize", "prompt", "promptName"]);
    const { normalize, prompt, promptName, ...rest } = options;
    const { before, skip, finish } = encodingOf(this, { normalize, prompt, promptName });
    const asked = takeTexts("encode", texts);
    return this.run("encode", before === "" ? asked : asked.map((text) => before + text), finish, rest, skip);
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
    checkUsable("infer", this);
    callable("infer", "finish", finish);
    return this.run("infer", takeTexts("infer", texts), finish, options, 0);
  }

  /** @param skip tokens that every text begins with and that are not pooled */
  private async run(
    what: string,
    texts: readonly string[],
    finish: (pooled: NodeId) => NodeId,
    options: InferOptions,
    skip: number,
  ): Promise<Float32Array[]> {
    const { adapter, adapters, signal, onProgress } = takeInferOptions(what, options);
    if (adapters !== undefined && adapters.length !== texts.length) {
      throw new ConfigError(
        `${what}: adapters has one name or null for each text, got ${adapters.length} for ${texts.length} texts`,
        { op: what, option: "adapters", actual: adapters.length, expected: texts.length },
      );
    }
    const ids = tokenized(this.tokenizer, texts);
    return inferTexts(this, ids, adapters ?? adapter, rowsOf(this.graph, finish), { signal, onProgress }, skip);
  }

  /** Token ids of each text. */
  tokenize(texts: readonly string[]): Int32Array[] {
    return [...tokenized(this.tokenizer, takeTexts("tokenize", texts))];
  }

  /**
   * Pooled vectors `[batch, hidden]` as a node, recorded for `backward`. Call it within `graph.step`. Throws
   * `ConfigError` or `ShapeError` for a batch that the model cannot look up.
   *
   * @param adapter name of the adapter that applies, null for the base alone, or a list of one of these a text; default the
   *   active one
   * @param options.checkpointing compute each layer again for its gradient: the same bits in less memory; default false
   */
  pooled(
    batch: RaggedBatch,
    adapter?: AdapterChoice | readonly (string | null)[],
    options: ForwardOptions = {},
  ): NodeId {
    checkUsable("pooled", this);
    const { checkpointing } = takeForwardOptions("pooled", options);
    const taken = takeBatch("pooled", batch, this.model.config);
    const chosen = Array.isArray(adapter) ? takeAdapters("pooled", adapter) : (adapter as AdapterChoice);
    const texts = taken.offsets.length - 1;
    if (Array.isArray(chosen) && chosen.length !== texts)
      throw new ConfigError(`pooled: one adapter for each text, got ${chosen.length} for ${texts} texts`, {
        op: "pooled",
        option: "adapter",
        actual: chosen.length,
        expected: texts,
      });
    const selection = this.adapterSet.selection(chosen, taken.offsets);
    return this.pooling.pool(
      this.graph,
      this.model.forward(taken, selection, { checkpointing }),
      taken.offsets,
      0,
      selection,
    );
  }

  /**
   * Adds a new adapter. B starts at zero, so the model's output does not change yet. As in PEFT, the first that is added
   * becomes the active one; further ones, and those of classifiers, change nothing about calls that name no adapter.
   */
  addAdapter(name: string, options: LoraOptions = {}): void {
    checkUsable("addAdapter", this);
    this.adapterSet.add(name, options, { what: "addAdapter" });
  }

  /**
   * Adds an adapter from PEFT's files; active as with `addAdapter` if it is the first.
   *
   * @param options.allowNonFinite take values that are NaN or infinite; default false
   * Throws `AdapterError` where it does not fit, and where the model's weights hold it already (`lowrank merge`).
   */
  loadAdapter(name: string, files: FileMap, options: WeightOptions = {}): void {
    checkUsable("loadAdapter", this);
    this.adapterSet.load(name, files, options, { what: "loadAdapter" });
  }

  /**
   * Adds an adapter that is the weighted sum of others, as PEFT's `add_weighted_adapter` makes it; active if it is the first that no
   * classifier brought. Its scaling is 1. What the others are set to by `scaleAdapter` counts. The call does all of it before it returns:
   * types ending in "_svd" decompose a matrix of each weight's size, which takes seconds for one of a few million elements and can't be
   * cancelled; in `lowrank/worker` the page goes on meanwhile.
   *
   * Throws `ConfigError` for options that make no sense, `AdapterError` where ranks differ and must not, `UnsupportedError` for
   * adapters that are more than low-rank updates.
   *
   * @example
   * encoder.addWeightedAdapter("both", { adapters: ["news", "mail"], weights: [0.7, 0.3], combinationType: "cat" });
   */
  addWeightedAdapter(name: string, options: WeightedAdapterOptions): void {
    checkUsable("addWeightedAdapter", this);
    this.adapterSet.addWeighted(name, options);
  }

  /**
   * Puts the values of PEFT's files in place of an adapter's (PEFT's `hotswap_adapter`): nothing is allocated, and its name and
   * parameters stay. Calls under way go on with the values of before.
   *
   * @param options.allowNonFinite take values that are NaN or infinite; default false
   * Throws `AdapterError`, and changes nothing, where the files have other layers or ranks; `ConfigError` while the adapter is merged or trained.
   */
  hotswapAdapter(name: string, files: FileMap, options: WeightOptions = {}): void {
    checkUsable("hotswapAdapter", this);
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
   * Chooses the adapter of later calls of this encoder that name none; null for the base alone. Calls under way go on as
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
    checkUsable("mergeAdapter", this);
    this.adapterSet.merge(name);
  }

  /** Puts the base weights back as they were loaded, to the bit. Throws `ConfigError` where `name` is not merged. */
  unmergeAdapter(name: string): void {
    checkUsable("unmergeAdapter", this);
    this.adapterSet.unmerge(name);
  }

  /** The adapter as PEFT's files, in memory: adapter_config.json and adapter_model.safetensors. `writeFilesAtomically` writes them. */
  saveAdapter(name: string, ...nothing: never[]): SavedFiles {
    checkNothing("saveAdapter", nothing, WRITE_THEM);
    checkUsable("saveAdapter", this);
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
}

/** Throws `StaleNodeError` where an encoder was disposed of. */
export function checkUsable(what: string, { graph }: SentenceEncoder): void {
  if (!graph.gone || graph.engine.closed) return;
  throw new StaleNodeError(`${what}: this encoder was disposed of; load it again`, { op: what, reason: "disposed" });
}
