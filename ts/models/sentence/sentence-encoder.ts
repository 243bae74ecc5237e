import { AdaptedModel, assertModel } from "../../adapters/adapted-model.js";
import { type AdapterChoice, AdapterSet } from "../../adapters/adapter-set.js";
import { checkOptions } from "../../arguments/options.js";
import { callable, flag } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import type { FileMap } from "../../io/file-map.js";
import type { ModelSource } from "../../io/model-source.js";
import type { MergedModel } from "../../io/peft/index.js";
import type { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import type { HeadPlan, TransformerModel } from "../architecture.js";
import { type ForwardOptions, takeForwardOptions } from "../layer-checkpoint.js";
import { type RaggedBatch, takeBatch } from "../ragged-batch.js";
import { INFER_OPTIONS, type InferOptions, takeAdapters, takeInferOptions, takeTexts } from "./infer-options.js";
import { inferTexts, rowsOf, tokenized } from "./inference.js";
import type { EncodeOptions, LoadOptions } from "./encoder-options.js";
import { encodingOf } from "./encoding.js";
import type { LoadedHead } from "./head-layer.js";
import type { SentenceLayout } from "./layout.js";
import { type EncoderParts, loadEncoder, type WantedHead } from "./load-encoder.js";
import { pooledBy } from "./pooled.js";
import type { Pooling } from "./pooling.js";
import type { LoadedTokenHead } from "./token-head.js";

/**
 * A sentence encoder with LoRA adapters: one frozen base, any number of adapters, one of them active. Sentence vectors are the
 * mean of the last layer's tokens, or what the model's files say.
 *
 * @example
 * const encoder = await SentenceEncoder.load("./all-MiniLM-L6-v2");
 * const [vector] = await encoder.encode(["a sentence"], { normalize: true });
 */
export class SentenceEncoder extends AdaptedModel {
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
  /** @internal Length of texts before known models had modules that their files lack: of classifiers that do not say theirs. */
  readonly formerMaxTokens: number;
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
  /** @internal The head of a checkpoint for tokens; null for none. */
  readonly tokenHead: LoadedTokenHead | null;
  /** @internal What transformers puts on such a model. */
  readonly headPlan: HeadPlan;

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
    const beside = head ?? tokenHead;
    const linears = [...model.linears(), ...(beside?.linears ?? [])];
    const norms = [...model.norms, ...(beside?.norms ?? [])];
    const { tables, absent } = model;
    this.adapterSet = new AdapterSet(graph, {
      ...{ linears, norms, tables, absent, name, modelType, targetModules, mergedModel },
    });
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
    /** @internal The head of a checkpoint that is loaded along: through that of texts, up to its last layer, vectors go. */
    wanted: WantedHead | null = null,
    /** @internal Whether a known model has modules that its files lack; default true. */
    knowsModules?: boolean,
  ): Promise<SentenceEncoder> {
    return new SentenceEncoder(await loadEncoder(source, options, wanted, knowsModules));
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
   * @param options.normalize scale to length 1; default what the model's modules.json says; of all-MiniLM-L6-v2, whose copies
   *   often lack it, true; of others without one false, of which a warning tells once
   * @param options.prompt put before every text; default the model's default prompt, where it has one, else nothing
   * @param options.promptName in place of `prompt`: the name of one that the model has, such as "query"
   * @param options.rounded round what is multiplied with weights in "q8" or "q4" to bytes: faster, and vectors differ in the third
   *   place; default false
   * @param options.onProgress called after each batch with the number of texts done
   */
  async encode(texts: readonly string[], options: EncodeOptions = {}): Promise<Float32Array[]> {
    checkUsable("encode", this);
    checkOptions("encode", options, [...INFER_OPTIONS, "normalize", "prompt", "promptName", "rounded"]);
    const { normalize, prompt, promptName, rounded = false, ...rest } = options;
    flag("encode", "rounded", rounded);
    const { before, skip, finish } = encodingOf(this, { normalize, prompt, promptName });
    const asked = takeTexts("encode", texts);
    return this.run("encode", before === "" ? asked : asked.map((text) => before + text), finish, rest, skip, rounded);
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
    return pooledBy(this, taken, selection, { checkpointing });
  }
}

/** Throws `StaleNodeError` where an encoder was disposed of. */
export function checkUsable(what: string, { graph }: SentenceEncoder): void {
  assertModel(what, graph, "encoder");
}
