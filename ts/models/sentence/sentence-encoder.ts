import { AdaptedModel, assertModel } from "../../adapters/adapted-model.js";
import { type AdapterChoice, AdapterSet } from "../../adapters/adapter-set.js";
import { checkOptions, copiedOptions } from "../../arguments/options.js";
import { callable, flag } from "../../arguments/settings.js";
import { ConfigError, withFolder } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { copiedSource, type FileMap, type SavedFiles } from "../../io/file-access.js";
import type { ModelSource } from "../../io/model-source.js";
import { ADAPTER_FILES, type MergedModel } from "../../io/peft/index.js";
import type { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import type { FitReport } from "../../train/fit-options.js";
import { lazyChunk } from "../../waiting/lazy-chunk.js";
import { type ForwardOptions, type HeadPlan, takeForwardOptions, type TransformerModel } from "../architecture.js";
import {
  type EncodeOptions,
  INFER_OPTIONS,
  type InferOptions,
  type LoadOptions,
  MODEL_OPTIONS,
  takeAdapters,
  takeInferOptions,
  takeTexts,
} from "./encoder-options.js";
import { type RaggedBatch, takeBatch } from "../ragged-batch.js";
import { encodingOf, inferTexts, rowsOf, tokenized } from "./inference.js";
import type { LoadedHead, LoadedTokenHead } from "./head-layer.js";
import type { SentenceLayout } from "./layout.js";
import type { EncoderParts, ModelOrigin, WantedHead } from "./load-encoder.js";
import { pooledBy, type Pooling } from "./pooling.js";
import { encoderSaver, type SaveEncoderOptions, takeSaved } from "./saved-encoder.js";
import { copiedCall, type SentenceFitOptions } from "./training/fit-options.js";
import type { SentenceExample } from "./training/sentence-examples.js";

const sentenceFit = /* @__PURE__ */ lazyChunk(async () => (await import("./training/fit-sentences.js")).fitSentences);

/** What reads a model's files. */
export const encoderLoader = /* @__PURE__ */ lazyChunk(async () => (await import("./load-encoder.js")).loadEncoder);

/**
 * A sentence encoder with LoRA adapters: one frozen base and any number of adapters, one of them active. A sentence vector is the mean of
 * the last layer's token vectors, unless the model's files say otherwise.
 *
 * @example
 * const encoder = await SentenceEncoder.load("./all-MiniLM-L6-v2");
 * const [vector] = await encoder.encode(["a sentence"], { normalize: true });
 */
export class SentenceEncoder extends AdaptedModel {
  /** @internal Its adapters, and which of them applies. */
  readonly adapterSet: AdapterSet;

  /** Name of the base model, which adapters record. */
  readonly name: string;
  /** The graph that weights and adapters live in. */
  readonly graph: Graph;
  /** The network. */
  readonly model: TransformerModel;
  /** Turns a text into token ids. */
  readonly tokenizer: TextTokenizer;
  /** @internal The maximum length that earlier versions used for known models without modules.json: for classifiers that do not record theirs. */
  readonly formerMaxTokens: number;
  /** @internal Identifies its weights as in the files, with dense modules, and its tokenizer. */
  readonly fingerprint: string;
  /** @internal The same without dense modules: classifiers of earlier versions record it. */
  readonly weightsFingerprint: string;
  /** @internal What was merged into these weights before they were loaded; null for nothing. */
  readonly mergedModel: MergedModel | null;
  /** @internal Settings of sentence-transformers. */
  readonly layout: SentenceLayout;
  /** @internal The head of its checkpoint; sentence vectors go through all its layers except the last. Null for none. */
  readonly head: LoadedHead | null;
  /** @internal The head of a checkpoint for tokens; null for none. */
  readonly tokenHead: LoadedTokenHead | null;
  /** @internal The head that transformers puts on such a model. */
  readonly headPlan: HeadPlan;
  /** @internal Where its model's files are. */
  readonly origin: ModelOrigin;
  /** @internal PEFT's files of the adapter that was in the place of weights; null for none. */
  readonly adapterFiles: FileMap | null;

  protected readonly kind = "encoder";

  private constructor({
    name,
    graph,
    model,
    tokenizer,
    formerMaxTokens,
    layout,
    targetModules,
    modelType,
    fingerprint,
    weightsFingerprint,
    mergedModel,
    head,
    tokenHead,
    headPlan,
    origin,
    adapter,
  }: EncoderParts) {
    super();
    this.name = name;
    this.graph = graph;
    this.model = model;
    this.tokenizer = tokenizer;
    this.formerMaxTokens = formerMaxTokens;
    this.layout = layout;
    this.fingerprint = fingerprint;
    this.weightsFingerprint = weightsFingerprint;
    this.mergedModel = mergedModel;
    this.head = head;
    this.tokenHead = tokenHead;
    this.headPlan = headPlan;
    this.origin = origin;
    this.adapterFiles = adapter;
    const beside = head ?? tokenHead;
    const linears = [...model.linears(), ...(beside?.linears ?? [])];
    const norms = [...model.norms, ...(beside?.norms ?? [])];
    const { tables, absent } = model;
    this.adapterSet = new AdapterSet(graph, {
      linears,
      norms,
      tables,
      absent,
      name,
      modelType,
      targetModules,
      mergedModel,
    });
  }

  /**
   * Loads a model: config.json, tokenizer.json, model.safetensors (or the files that model.safetensors.index.json names) and, if present,
   * the files of sentence-transformers. A folder that has PEFT's adapter in place of weights is that adapter, active and named "default",
   * on its base. Calls `init` unless an engine is given.
   *
   * @param source a string (depending on the runtime: a folder, a model's name, a URL), the files by name, or a `ModelSource`
   * Throws `ModelError`, `FormatError` or `UnsupportedError` if the files are not an encoder of a known architecture.
   */
  static load(source: string | FileMap | ModelSource, options?: LoadOptions): Promise<SentenceEncoder>;
  /**
   * @internal Loads the head of a checkpoint too. Vectors go through the layers of a head for texts, except the last.
   *
   * @param knowsModules whether a known model gets the modules that its files lack; default true
   */
  static load(
    source: string | FileMap | ModelSource,
    options: LoadOptions,
    wanted: WantedHead | null,
    knowsModules?: boolean,
  ): Promise<SentenceEncoder>;
  static async load(
    source: string | FileMap | ModelSource,
    options: LoadOptions = {},
    wanted: WantedHead | null = null,
    knowsModules?: boolean,
  ): Promise<SentenceEncoder> {
    checkOptions("SentenceEncoder.load", options, LOAD_OPTIONS);
    const [from, given] = [copiedSource(source), copiedOptions(options)];
    if (given.model !== undefined) Object.assign(given, { model: copiedSource(given.model) });
    const loadEncoder = await encoderLoader();
    const parts = await loadEncoder(from, given, wanted, knowsModules);
    const encoder = new SentenceEncoder(parts);
    const { allowNonFinite } = given;
    try {
      if (parts.adapter !== null && wanted === null) encoder.loadAdapter("default", parts.adapter, { allowNonFinite });
      return encoder;
    } catch (error) {
      encoder.dispose();
      throw typeof from === "string" ? withFolder(error, from, ADAPTER_FILES) : error;
    }
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
   * Sentence vectors `[hidden]`, one for each text, in order.
   *
   * Texts with different adapters share batches; each result is bit-identical to that of a call for its adapter alone.
   *
   * @param options.adapter name of the adapter to apply, null for the base alone; default: the active one
   * @param options.adapters in place of `adapter`: for each text an adapter's name, or null for the base alone
   * @param options.normalize scale to length 1; default: what modules.json says; true for all-MiniLM-L6-v2, whose copies often lack that
   *   file; false for other models without one, with one warning
   * @param options.prompt put before every text; default: the model's default prompt, if any
   * @param options.promptName in place of `prompt`: the name of one of the model's prompts, such as "query"
   * @param options.truncateDim length to which vectors are cut; default: what the model's files say, else the whole vector
   * @param options.rounded round the inputs of products with "q8" and "q4" weights to bytes: faster; vectors differ in the third digit. On a
   *   GPU that has "shader-f16" to 16 bits, on others not. Default false
   * @param options.onProgress called after each batch with the number of texts done
   */
  async encode(texts: readonly string[], options: EncodeOptions = {}): Promise<Float32Array[]> {
    checkUsable("encode", this);
    checkOptions("encode", options, ENCODE_OPTIONS);
    const { normalize, prompt, promptName, truncateDim, rounded = false, ...rest } = copiedOptions(options);
    flag("encode", "rounded", rounded);
    const { before, skip, finish } = encodingOf(this, { normalize, prompt, promptName, truncateDim });
    const asked = takeTexts("encode", texts);
    return this.run("encode", before === "" ? asked : asked.map((text) => before + text), finish, rest, skip, rounded);
  }

  /** `encode` with the model's prompt "query", if it has one: for texts that are searched with. */
  async encodeQuery(texts: readonly string[], options: EncodeOptions = {}): Promise<Float32Array[]> {
    return this.encode(texts, prompted("encodeQuery", "query", options));
  }

  /** `encode` with the model's prompt "document", if it has one: for texts that are searched. */
  async encodeDocument(texts: readonly string[], options: EncodeOptions = {}): Promise<Float32Array[]> {
    return this.encode(texts, prompted("encodeDocument", "document", options));
  }

  /**
   * Runs texts through the encoder batch by batch. Returns one row of `finish(pooled)` for each text. Texts and adapters are those at the
   * call.
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

  /** @param skip number of leading tokens of every text that are not pooled */
  private async run(
    what: string,
    texts: readonly string[],
    finish: (pooled: NodeId) => NodeId,
    options: InferOptions,
    skip: number,
    rounded = false,
  ): Promise<Float32Array[]> {
    const { adapter, adapters, signal, onProgress } = takeInferOptions(what, options);
    if (adapters !== undefined && adapters.length !== texts.length) {
      throw new ConfigError(
        `${what}: adapters has one name or null for each text, got ${adapters.length} for ${texts.length} texts`,
        { op: what, option: "adapters", actual: adapters.length, expected: texts.length },
      );
    }
    const ids = tokenized(this.tokenizer, texts);
    return inferTexts(
      this,
      ids,
      adapters ?? adapter,
      rowsOf(this.graph, finish),
      { signal, onProgress, rounded },
      skip,
    );
  }

  /**
   * The files of a folder that `SentenceEncoder.load` and Python's `SentenceTransformer` open: PEFT's files of an adapter, which names its
   * base, or with `merged` the whole model; the tokenizer, the modules, prompts and a model card. In memory, as the adapter is at the call:
   * Node's `writeFilesAtomically(folder, encoder.save())` writes them. The model's own files are read again. Rejects with `ConfigError` for
   * invalid options, `AdapterError` if the weights have the adapter already, `ModelError` if the model's files are gone, or a
   * whole model is to be saved and they changed since it was loaded.
   *
   * @param options.adapter the adapter to save; null for the base alone; default: the active one
   * @param options.merged merge the adapter into the weights; default false
   * @param options.base name or path of the base model as the folder's readers have it; default: the name that it was loaded by
   * @param options.metrics scores by their measures' names, for the model card
   */
  async save(options: SaveEncoderOptions = {}): Promise<SavedFiles> {
    checkUsable("save", this);
    const saved = takeSaved(this, options);
    return (await encoderSaver())(saved);
  }

  /**
   * Trains an adapter so that texts that belong together get similar vectors: for search, duplicates and similarity.
   *
   * @param examples all of one form: `{ anchor, positive, negatives? }`, `{ anchor, positive, negative }`, `{ texts: [a, b], score }`,
   *   `{ texts: [a, b], label }` or `{ text, label }`
   * @param options.loss default by the form of the examples; see `SentenceFitOptions` and `sentenceLoss`
   * Throws `ConfigError` for examples that do not fit the loss and for invalid options, before the first step; otherwise as `fit`.
   *
   * @example
   * encoder.addAdapter("search", { rank: 8 });
   * await encoder.fit([{ anchor: "reset password", positive: "How do I change my password?" }, …], { adapter: "search", epochs: 2 });
   */
  async fit(examples: readonly SentenceExample[], options: SentenceFitOptions = {}): Promise<FitReport> {
    checkUsable("fit", this);
    const { adapterSet } = this;
    const call = copiedCall(examples, options);
    const { adapter } = call.options ?? {};
    const trained = adapter === undefined ? adapterSet.current : adapterSet.get(adapter);
    // Nothing may be merged into the base meanwhile.
    const { end } = adapterSet.begin(null);
    try {
      const fitSentences = await sentenceFit();
      return await fitSentences(this, trained, call.examples, call.options);
    } finally {
      end();
    }
  }

  /** Token ids of each text. */
  tokenize(texts: readonly string[]): Int32Array[] {
    return takeTexts("tokenize", texts).map((text) => this.tokenizer.encode(text));
  }

  /**
   * Pooled vectors `[batch, hidden]` as a node, recorded for `backward`. Call it within `graph.step`. Throws `ConfigError` or `ShapeError`
   * for ids or positions that the model does not have.
   *
   * @param adapter name of the adapter to apply, null for the base alone, or a list with one of these for each text; default: the active
   *   one
   * @param options.checkpointing recompute each layer for its gradient: the same bits with less memory; default false
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
    return pooledBy(this, taken, selection, { checkpointing });
  }
}

const LOAD_OPTIONS = [...MODEL_OPTIONS, "model", "maxTokens", "pooling"];

/** Options of a call, with a prompt's name unless they have a prompt. Throws `ConfigError` for others. */
function prompted(what: string, promptName: string, options: EncodeOptions): EncodeOptions {
  checkOptions(what, options, ENCODE_OPTIONS);
  return options.prompt === undefined && options.promptName === undefined
    ? { ...copiedOptions(options), promptName }
    : options;
}

const ENCODE_OPTIONS = [...INFER_OPTIONS, "normalize", "prompt", "promptName", "truncateDim", "rounded"];

/** Throws `StaleNodeError` if the encoder was disposed. */
export function checkUsable(what: string, { graph }: SentenceEncoder): void {
  assertModel(what, graph, "encoder");
}
