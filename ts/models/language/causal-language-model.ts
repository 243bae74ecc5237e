import { AdaptedModel } from "../../adapters/adapted-model.js";
import { type AdapterChoice, AdapterSet } from "../../adapters/adapter-set.js";
import { checkRecord } from "../../arguments/collections.js";
import type { Graph } from "../../graph/graph.js";
import { type ByteSource, bytesSource } from "../../io/byte-source.js";
import type { FileMap } from "../../io/file-map.js";
import type { ModelSource } from "../../io/model-source.js";
import { type MergedModel, writeAdapter } from "../../io/peft/index.js";
import type { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import type { CacheFormat } from "../../ops/attention/cached-attention.js";
import type { FitReport } from "../../train/fit-options.js";
import type { Tensor } from "../../values/tensor.js";
import type { Decoder } from "../decoder/decoder.js";
import type { MemoryEstimate } from "../estimate-memory.js";
import type { ChatMessage, ChatTemplate, ChatTemplateOptions } from "./chat-template.js";
import type { BatchToken } from "./generate.js";
import type { GenerateOptions } from "./generate-options.js";
import type { GenerationSession } from "./generation-session.js";
import type { LanguageMemoryOptions } from "./estimate.js";
import type * as Work from "./language-work.js";
import type { CompletionScore, Perplexity, PerplexityOptions } from "./scoring.js";
import type { GeneratedToken } from "./sequence.js";
import type { LanguageModelOptions, LanguageModelParts } from "./load-language-model.js";
import type { LanguageExample } from "./training/example-formats.js";
import type { LanguageEvaluateOptions } from "./training/fit-language.js";
import type { LanguageFitOptions } from "./training/fit-settings.js";
import type { LanguageMetrics } from "./training/measure.js";
import type { Preference, PreferenceFitOptions } from "./training/preferences.js";

/** What is gone on from: a text, a conversation, or token ids. */
export type Prompt = string | readonly ChatMessage[] | ArrayLike<number>;

/** One of several texts that are asked for together. */
export interface GenerationRequestOptions extends Omit<GenerateOptions, "signal"> {
  /** What it goes on from. */
  readonly prompt: Prompt;
}

/** What a look at logits takes. */
export interface LogitsOptions {
  /** Name of the adapter that applies, null for the base alone; default the active one. */
  readonly adapter?: AdapterChoice;
  /** Cancels between two pieces. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A language model with LoRA adapters: one frozen base, any number of adapters, one of them active.
 *
 * @example
 * const model = await CausalLanguageModel.load("./SmolLM2-135M-Instruct");
 * for await (const piece of model.generate("The capital of France is", { maxTokens: 20 })) console.log(piece);
 */
export class CausalLanguageModel extends AdaptedModel {
  /** @internal */
  readonly adapterSet: AdapterSet;
  protected readonly kind = "language model";

  /** Name of the base, which adapters record. */
  readonly name: string;
  /** The graph that weights and adapters live in. */
  readonly graph: Graph;
  /** The network itself. */
  readonly model: Decoder;
  /** Turns texts into token ids and back; null where the model's files have none. */
  readonly tokenizer: TextTokenizer | null;
  /** @internal How conversations are written; null where the model's files do not say. */
  readonly chatTemplate: ChatTemplate | null;
  /** Tokens that end a text. */
  readonly ends: ReadonlySet<number>;
  /** @internal `model_type` of its config.json. */
  readonly modelType: string;
  /** @internal What was merged into these weights before they were loaded; null where nothing was. */
  readonly mergedModel: MergedModel | null;
  /** How generations keep keys and values of a text's tokens: the `cache` that it was loaded with. */
  readonly cacheFormat: CacheFormat;

  private constructor(
    parts: LanguageModelParts,
    private readonly work: typeof Work,
  ) {
    super();
    const { name, graph, model, tokenizer, chatTemplate, ends, targetModules, modelType, mergedModel } = parts;
    this.name = name;
    this.graph = graph;
    this.model = model;
    this.tokenizer = tokenizer;
    this.chatTemplate = chatTemplate;
    this.ends = ends;
    this.modelType = modelType;
    this.mergedModel = mergedModel;
    this.cacheFormat = parts.cacheFormat;
    const { norms, tables, absent, output } = model;
    const linears = model.linears();
    this.adapterSet = new AdapterSet(graph, {
      ...{ linears, output, norms, tables, absent, name, modelType, targetModules, mergedModel },
    });
  }

  /**
   * Loads config.json, model.safetensors (or the files that model.safetensors.index.json names) and, where they are there,
   * tokenizer.json and generation_config.json; calls `init` where no engine is given.
   *
   * @param source as `SentenceEncoder.load`'s
   * Throws `ModelError`, `FormatError` or `UnsupportedError` where the files are not a language model of a known architecture.
   */
  static async load(
    source: string | FileMap | ModelSource,
    options: LanguageModelOptions = {},
  ): Promise<CausalLanguageModel> {
    const work = await import("./language-work.js");
    return new CausalLanguageModel(await work.loadLanguageModel(source, options), work);
  }

  /**
   * Linear memory that a language model and a step of its training take, before any is spent: as `estimateMemory` of an encoder, but
   * `packedCopies` is 1 by default for "f32", as in `load`, and `weights` may be an open GGUF file: its tensors' own formats.
   *
   * @param config the model's config.json, parsed
   * Throws as `estimateMemory` does.
   */
  static async estimateMemory(
    config: Record<string, unknown>,
    options: LanguageMemoryOptions,
  ): Promise<MemoryEstimate> {
    checkRecord("estimateMemory: a model is its config.json, parsed", config);
    return (await import("./language-work.js")).estimateLanguageMemory(config, options);
  }

  /** Tokens that a text may have, prompt and what is generated together. */
  get maxTokens(): number {
    return this.model.config.maxPositions;
  }

  /**
   * Logits of the token behind each token, `[tokens, vocabulary]`: in linear memory piece by piece, the whole on the host.
   *
   * Throws `ConfigError` for ids that the model does not have, or more than it has positions.
   */
  async logits(ids: ArrayLike<number>, options: LogitsOptions = {}): Promise<Tensor> {
    return this.work.logits(this, ids, options);
  }

  /**
   * The text of a conversation, as the model's chat template writes it: chat_template.jinja, or `chat_template` of
   * tokenizer_config.json, in a GGUF file `tokenizer.chat_template`. Its special tokens stand in it as text; ids of it are
   * `generate`'s where it is given the messages.
   *
   * A template is run in bounds: 300,000 steps and 10,000 more a message, values of 16 million characters.
   *
   * Throws `ModelError` where the model has no template, or it fails; `ConfigError` for messages that make no sense.
   */
  applyChatTemplate(messages: readonly ChatMessage[], options: ChatTemplateOptions = {}): string {
    return this.work.chatText(this, "applyChatTemplate", messages, options);
  }

  /**
   * Text behind a prompt, piece by piece; pieces never split a character. Options, prompt and adapter are taken at the call; several
   * generations at once do not disturb each other.
   *
   * @param prompt a text, messages of a conversation, which the chat template makes a text of, or token ids
   * Throws at the call `ConfigError` for options that make no sense, and where prompt and `maxTokens` do not fit into the model's
   * positions; at the first piece `ConfigError` where an adapter was merged since; while it runs `AbortError` when cancelled,
   * `NonFiniteError` where logits are NaN.
   */
  generate(prompt: Prompt, options: GenerateOptions = {}): AsyncGenerator<string, void, undefined> {
    return this.work.generate(this, prompt, options);
  }

  /** The same token by token, each with its id, the text that it completes and its log probability. */
  generateTokens(prompt: Prompt, options: GenerateOptions = {}): AsyncGenerator<GeneratedToken, void, undefined> {
    return this.work.generateOne(this, "generateTokens", prompt, options);
  }

  /**
   * Several texts at once, each with its own adapter, options and seed: a pass of the model gives each one its next token, and each is, to the
   * bit, what it is alone. Prompts that begin alike under one adapter share that part's work. Tokens come in the requests' order, one of each
   * text that goes on.
   *
   * @example
   * const requests = ["mine", "yours", null].map((adapter) => ({ prompt: "Dear", adapter, maxTokens: 20 }));
   * for await (const { sequence, text } of model.generateBatch(requests)) texts[sequence] += text;
   */
  generateBatch(
    requests: readonly GenerationRequestOptions[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<BatchToken, void, undefined> {
    return this.work.generateBatch(this, requests, options);
  }

  /**
   * Keeps what the model has computed of a text for the next one that begins alike, as a conversation's turns do. Other calls do not
   * change it; where the adapter's values or the weights have changed, it begins anew. Dispose of it.
   */
  session(): GenerationSession {
    this.assertUsable("session");
    return new this.work.GenerationSession(this);
  }

  /**
   * How likely completions are behind a prompt: sums of ln of their tokens' probabilities, and how many these are. The prompt is computed
   * once. A completion's tokens begin where those of prompt and completion together are no more the prompt's.
   *
   * @param prompt a text, messages of a conversation, behind which an assistant's answer begins, or token ids
   * @param completions texts, or lists of token ids; behind token ids such lists alone
   */
  async score(
    prompt: Prompt,
    completions: readonly (string | ArrayLike<number>)[],
    options: LogitsOptions = {},
  ): Promise<CompletionScore[]> {
    return this.work.score(this, prompt, completions, options);
  }

  /**
   * e to the mean cross entropy of texts' tokens, each but a text's first counted once. Texts longer than `window` are read in windows that
   * begin every `stride` tokens; a token is counted in the first that has it.
   *
   * @param given texts, or lists of token ids
   * Throws `ConfigError` where no text has two tokens.
   */
  async perplexity(
    given: readonly (string | ArrayLike<number>)[],
    options: PerplexityOptions = {},
  ): Promise<Perplexity> {
    return this.work.perplexity(this, given, options);
  }

  /**
   * Trains an adapter: the loss is the mean cross entropy of the examples' targets. Other calls may run meanwhile.
   *
   * @param examples `{ prompt, completion }`, joined as they are, the end-of-text token behind them, of which the completion is learnt;
   *   `{ text }`, learnt as a whole; `{ instruction, input, output }`, of which the output is; `{ messages }` or `{ conversations }`,
   *   written by the chat template, of which the assistant's turns are; or `{ ids, mask }`, a 1 in the mask for each token that is learnt
   * Throws `ConfigError` for an example without a target or with too many tokens, by its number; see `fit` for the rest.
   */
  async fit(examples: readonly LanguageExample[], options: LanguageFitOptions = {}): Promise<FitReport> {
    this.assertUsable("fit");
    return this.work.fitLanguage(this, examples, options);
  }

  /**
   * Trains an adapter on what is preferred (direct preference optimisation): the chosen answers become likelier than the rejected ones,
   * compared with the base alone, whose probabilities are computed once. A step takes the memory of both answers, and no second model.
   *
   * @param examples `{ prompt, chosen, rejected }`: texts, or turns of a conversation for the chat template
   * Throws as `fit` does.
   */
  async fitPreferences(examples: readonly Preference[], options: PreferenceFitOptions = {}): Promise<FitReport> {
    this.assertUsable("fitPreferences");
    return this.work.fitPreferences(this, examples, options);
  }

  /**
   * How well the model foretells what `fit` would learn of examples, without learning it: mean cross entropy and perplexity.
   *
   * Throws as `fit` does, and `AbortError` when cancelled.
   */
  async evaluate(
    examples: readonly LanguageExample[],
    options: LanguageEvaluateOptions = {},
  ): Promise<LanguageMetrics> {
    this.assertUsable("evaluate");
    return this.work.evaluateLanguage(this, examples, options);
  }

  /**
   * An adapter as llama.cpp loads it: a GGUF LoRA in float32, for a GGUF file of the same base, in whatever format that is.
   *
   * Throws `UnsupportedError` for adapters that are more than low-rank updates of linear layers, for an update of a tied model's output
   * layer, and for GPT-2 and GPT-NeoX.
   */
  async saveGguf(name: string): Promise<Uint8Array<ArrayBuffer>> {
    this.assertUsable("saveGguf");
    const file = this.adapterSet.get(name).toFile();
    const { writeGgufAdapter } = await import("../gguf/adapter.js");
    return writeGgufAdapter(file, this.adapted, name);
  }

  /**
   * Adds an adapter from a GGUF LoRA; active as with `addAdapter` if it is the first.
   *
   * @param file its bytes, or a source of them, which is closed
   * Throws `AdapterError` where it does not fit, `FormatError` for what is no GGUF file.
   */
  async loadGguf(name: string, file: Uint8Array | ByteSource): Promise<void> {
    this.assertUsable("loadGguf");
    const { readGgufAdapter } = await import("../gguf/adapter.js");
    const adapter = await readGgufAdapter(file instanceof Uint8Array ? bytesSource(file.slice()) : file, this.adapted);
    this.loadAdapter(name, writeAdapter(adapter));
  }

  private get adapted() {
    const { heads, kvHeads, tied } = this.model.config;
    return { modelType: this.modelType, heads, kvHeads, tied };
  }
}
