import { AdaptedModel } from "../../adapters/adapted-model.js";
import type { AdapterSet } from "../../adapters/adapter-set.js";
import { withCopiedLora } from "../../adapters/lora-options.js";
import { checkRecord, plainCopy } from "../../arguments/settings.js";
import type { Graph } from "../../graph/graph.js";
import { type ByteSource, bytesSource } from "../../io/byte-source.js";
import type { FileMap } from "../../io/file-access.js";
import type { ModelSource } from "../../io/model-source.js";
import { type MergedModel, writeAdapter } from "../../io/peft/index.js";
import type { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import type { CacheFormat } from "../../ops/attention/cached-attention.js";
import type { FitReport } from "../../train/fit-options.js";
import type { Tensor } from "../../values/tensor.js";
import type { Decoder } from "../decoder/decoder.js";
import type { MemoryEstimate } from "../estimate-memory.js";
import type { ChatAnswer } from "./language-calls.js";
import type { ChatMessage } from "./tools/tool-options.js";
import type { ChatTemplate, ChatTemplateOptions } from "./chat-template.js";
import type { BatchToken } from "./generate.js";
import type { GenerateOptions, GenerationRequestOptions, Prompt } from "./generate-options.js";
import type { GenerationSession, SessionConstructor } from "./generation-session.js";
import type { LanguageMemoryOptions } from "./estimate.js";
import type * as Work from "./language-calls.js";
import type { CompletionScore, LogitsOptions, Perplexity, PerplexityOptions } from "./scoring.js";
import type { GeneratedToken } from "./sequence.js";
import type { LanguageModelOptions, LanguageModelParts } from "./load-language-model.js";
import type { LanguageExample } from "./training/example-formats.js";
import type { LanguageEvaluateOptions } from "./training/fit-language.js";
import type { LanguageFitOptions } from "./training/language-training.js";
import type { LanguageMetrics } from "./training/measure.js";
import type { LabelledAnswer, Preference } from "./training/preference-rows.js";
import type { PreferenceFitOptions } from "./training/preferences.js";
import { lazyChunk } from "../../waiting/lazy-chunk.js";

const languageWork = /* @__PURE__ */ lazyChunk(() => import("./language-calls.js"));
const ggufAdapter = /* @__PURE__ */ lazyChunk(() => import("../gguf/adapter.js"));

/**
 * A language model with LoRA adapters: one frozen base and any number of adapters, one of them active.
 *
 * @example
 * const model = await CausalLanguageModel.load("./SmolLM2-135M-Instruct");
 * for await (const piece of model.generate("The capital of France is", { maxTokens: 20 })) console.log(piece);
 */
export class CausalLanguageModel extends AdaptedModel {
  /** @internal */
  readonly adapterSet: AdapterSet;
  protected readonly kind = "language model";

  /** Name of the base model, which adapters record. */
  readonly name: string;
  /** The graph that weights and adapters live in. */
  readonly graph: Graph;
  /** The network. */
  readonly model: Decoder;
  /** Turns texts into token ids and back; null if the model's files have no tokenizer. */
  readonly tokenizer: TextTokenizer | null;
  /** @internal The chat template; null if the model's files have none. */
  readonly chatTemplate: ChatTemplate | null;
  /** Ids of tokens that end a text. */
  readonly ends: ReadonlySet<number>;
  /** @internal `model_type` of its config.json. */
  readonly modelType: string;
  /** @internal What was merged into these weights before they were loaded; null for nothing. */
  readonly mergedModel: MergedModel | null;
  /** Format of keys and values in generations: the option `cache` of `load`. */
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
    const base = { linears, output, norms, tables, absent, name, modelType, targetModules, mergedModel };
    this.adapterSet = work.adapterSetOf(graph, base, model.config);
  }

  /**
   * Loads a model: config.json, model.safetensors (or the files that model.safetensors.index.json names) and, if present, tokenizer.json
   * and generation_config.json. Calls `init` unless an engine is given.
   *
   * @param source as of `SentenceEncoder.load`, or a GGUF file's source
   * Throws `ModelError`, `FormatError` or `UnsupportedError` if the files are not a language model of a known architecture.
   */
  static async load(
    source: string | FileMap | ModelSource,
    options: LanguageModelOptions = {},
  ): Promise<CausalLanguageModel> {
    const work = await languageWork();
    return new CausalLanguageModel(await work.loadLanguageModel(source, options), work);
  }

  /**
   * Estimates the linear memory, in bytes, of a language model and a step of its training before anything is allocated. As `estimateMemory`
   * for encoders, except: `packedCopies` is 1 by default for "f32", as in `load`, and `weights` may be an open GGUF file, whose tensors
   * keep their formats.
   *
   * @param config the model's config.json, parsed
   * Throws as `estimateMemory` does.
   */
  static async estimateMemory(
    config: Record<string, unknown>,
    options: LanguageMemoryOptions,
  ): Promise<MemoryEstimate> {
    checkRecord("estimateMemory: a model is its config.json, parsed", config);
    const [model, copied] = [plainCopy("estimateMemory", "model", config) as typeof config, withCopiedLora(options)];
    return (await languageWork()).estimateLanguageMemory(model, copied);
  }

  /** Maximum length of a text in tokens, prompt and generated text together. */
  get maxTokens(): number {
    return this.model.config.maxPositions;
  }

  /**
   * Logits for the token after each token, `[tokens, vocabulary]`, on the host; computed in chunks of rows.
   *
   * Throws `ConfigError` for ids that the model does not have, and for more ids than it has positions.
   */
  async logits(ids: ArrayLike<number>, options: LogitsOptions = {}): Promise<Tensor> {
    return this.work.logits(this, ids, options);
  }

  /**
   * The text of a conversation in the model's chat template: chat_template.jinja, `chat_template` of tokenizer_config.json, or
   * `tokenizer.chat_template` of a GGUF file. Special tokens appear as text. To generate, pass the messages to `generate`, which tokenizes
   * them correctly.
   *
   * Limits of a template's run: 200,000 steps and 1,000 more for each message, values of 16 million characters.
   *
   * Throws `ModelError` if the model has no template or it fails, `ConfigError` for invalid messages.
   */
  applyChatTemplate(messages: readonly ChatMessage[], options: ChatTemplateOptions = {}): string {
    return this.work.chatText(this, "applyChatTemplate", messages, options);
  }

  /**
   * Generates text after a prompt, in pieces that never split a character. Options, prompt and adapter are those at the call. Several
   * generations may run at once without affecting each other.
   *
   * @param prompt a text; messages of a conversation, for the chat template; or token ids
   * Throws `ConfigError` at the call for invalid options, and if prompt and `maxTokens` exceed the model's positions. Later the generator
   * throws: at the first piece `ConfigError` if an adapter was merged since; `AbortError` when cancelled; `NonFiniteError` for NaN logits.
   */
  generate(prompt: Prompt, options: GenerateOptions = {}): AsyncGenerator<string, void, undefined> {
    return this.work.generate(this, prompt, options);
  }

  /**
   * The next message of a conversation, whole: its text, and the functions that it calls.
   *
   * Throws as `generate` does.
   *
   * @example
   * const { content, toolCalls } = await model.chat(messages, { tools });
   */
  async chat(messages: readonly ChatMessage[], options: GenerateOptions = {}): Promise<ChatAnswer> {
    return this.work.chat(this, messages, options);
  }

  /** Generates as `generate` does, token by token: id, text that is complete with it, and log probability. */
  generateTokens(prompt: Prompt, options: GenerateOptions = {}): AsyncGenerator<GeneratedToken, void, undefined> {
    return this.work.generateOne(this, "generateTokens", prompt, options);
  }

  /**
   * Generates several texts at once, each with its own adapter, options and seed: each pass of the model computes one token for each text.
   * Results are bit-identical to separate generations. Prompts with the same beginning and adapter share the work for it. Tokens come in
   * the requests' order, one for each text that is not finished.
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
   * A session reuses what was computed for an earlier text with the same beginning, as in a conversation. Other calls do not affect it; it
   * starts over if the adapter's values or the weights have changed. Dispose of it.
   */
  session(): GenerationSession {
    this.assertUsable("session");
    return new (this.work.GenerationSession as unknown as SessionConstructor)(this);
  }

  /**
   * Log probabilities of completions after a prompt: for each, the sum over its tokens, and their number. The prompt is computed once. A
   * completion begins at the first token that differs from the prompt's own tokens.
   *
   * @param prompt a text; messages of a conversation, before the assistant's answer; or token ids
   * @param completions texts or lists of token ids; only lists after a prompt of token ids
   */
  async score(
    prompt: Prompt,
    completions: readonly (string | ArrayLike<number>)[],
    options: LogitsOptions = {},
  ): Promise<CompletionScore[]> {
    return this.work.score(this, prompt, completions, options);
  }

  /**
   * Perplexity: e to the mean cross entropy of the texts' tokens. A text's first token does not count. Longer texts are read in windows of
   * `window` tokens that start every `stride` tokens; a token counts in the first window that contains it.
   *
   * @param given texts or lists of token ids
   * Throws `ConfigError` if no text has two tokens.
   */
  async perplexity(
    given: readonly (string | ArrayLike<number>)[],
    options: PerplexityOptions = {},
  ): Promise<Perplexity> {
    return this.work.perplexity(this, given, options);
  }

  /**
   * Trains an adapter on the mean cross entropy of the examples' target tokens. Other calls may run at the same time.
   *
   * @param examples `{ prompt, completion }`: joined without a separator, end-of-text token appended; the completion is the target. `{
   *   text }`: all of it. `{ instruction, input, output }`: the output. `{ messages }` or `{ conversations }`, in the chat template: the
   *   assistant's turns. `{ ids, mask }`: the tokens with a 1 in the mask
   * Throws `ConfigError`, with the example's number, for an example without a target or with too many tokens; see `fit` for the rest.
   */
  async fit(examples: readonly LanguageExample[], options: LanguageFitOptions = {}): Promise<FitReport> {
    this.assertUsable("fit");
    return this.work.fitLanguage(this, examples, options);
  }

  /**
   * Trains an adapter on preferences: chosen answers become more probable than rejected ones. `loss` is DPO by default, relative to the
   * base model, whose probabilities are computed once for each answer. A step needs memory for both answers, but no second model.
   *
   * @param examples `{ prompt, chosen, rejected }`: texts, or turns of a conversation for the chat template. For the loss "kto" also
   *   `{ prompt, completion, label }`
   * Throws as `fit` does, and `ConfigError`, with the example's number, for two equal answers.
   */
  async fitPreferences(
    examples: readonly (Preference | LabelledAnswer)[],
    options: PreferenceFitOptions = {},
  ): Promise<FitReport> {
    this.assertUsable("fitPreferences");
    return this.work.fitPreferences(this, examples, options);
  }

  /**
   * Mean cross entropy and perplexity of examples in the formats of `fit`, without training.
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
   * An adapter as a GGUF LoRA in float32, which llama.cpp loads for a GGUF file of the same base in any format.
   *
   * Throws `UnsupportedError` for adapters with more than low-rank updates of linear layers, for an update of a tied output layer, and for
   * GPT-2 and GPT-NeoX.
   */
  async saveGguf(name: string): Promise<Uint8Array<ArrayBuffer>> {
    this.assertUsable("saveGguf");
    const file = this.adapterSet.get(name).toFile();
    const { writeGgufAdapter } = await ggufAdapter();
    return writeGgufAdapter(file, this.adapted, name);
  }

  /**
   * Adds an adapter from a GGUF LoRA. It becomes active as with `addAdapter`.
   *
   * @param file its bytes, or a source, which is closed afterwards
   * Throws `AdapterError` if it does not fit, `FormatError` for a file that is not GGUF.
   */
  async loadGguf(name: string, file: Uint8Array | ByteSource): Promise<void> {
    this.assertUsable("loadGguf");
    const { readGgufAdapter } = await ggufAdapter();
    const adapter = await readGgufAdapter(file instanceof Uint8Array ? bytesSource(file.slice()) : file, this.adapted);
    this.loadAdapter(name, writeAdapter(adapter));
  }

  private get adapted() {
    return { modelType: this.modelType, config: this.model.config };
  }
}
