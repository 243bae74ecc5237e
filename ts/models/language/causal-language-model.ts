import { AdaptedModel } from "../../adapters/adapted-model.js";
import { type AdapterChoice, AdapterSet } from "../../adapters/adapter-set.js";
import { readOptions } from "../../arguments/read-options.js";
import { ConfigError, ModelError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import type { Graph } from "../../graph/graph.js";
import type { FileMap } from "../../io/file-map.js";
import type { ModelSource } from "../../io/model-source.js";
import type { MergedModel } from "../../io/peft/index.js";
import type { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import { fit } from "../../train/fit.js";
import type { FitReport } from "../../train/fit-options.js";
import { integersOf } from "../../values/number-list.js";
import type { Tensor } from "../../values/tensor.js";
import { readSignal, throwIfAborted } from "../../waiting/abort.js";
import { nextTask } from "../../waiting/next-task.js";
import type { Decoder } from "../decoder/decoder.js";
import type { ChatMessage, ChatTemplate, ChatTemplateOptions } from "./chat-template.js";
import type { GeneratedToken } from "./generate.js";
import type { GenerateOptions } from "./generate-options.js";
import type { LanguageFitOptions } from "./language-training.js";
import type * as Work from "./language-work.js";
import type { LanguageModelOptions, LanguageModelParts } from "./load-language-model.js";
import type { LanguageExample } from "./training-examples.js";

/** What is gone on from: a text, a conversation, or token ids. */
export type Prompt = string | readonly ChatMessage[] | ArrayLike<number>;

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
  /** @internal Tells its weights and its tokenizer from others. */
  readonly fingerprint: string;
  /** @internal What was merged into these weights before they were loaded; null where nothing was. */
  readonly mergedModel: MergedModel | null;

  private constructor(
    parts: LanguageModelParts,
    private readonly work: typeof Work,
  ) {
    super();
    const { name, graph, model, tokenizer, chatTemplate, ends, targetModules, fingerprint, mergedModel } = parts;
    this.name = name;
    this.graph = graph;
    this.model = model;
    this.tokenizer = tokenizer;
    this.chatTemplate = chatTemplate;
    this.ends = ends;
    this.fingerprint = fingerprint;
    this.mergedModel = mergedModel;
    const { norms, tables, absent } = model;
    const linears = model.linears();
    this.adapterSet = new AdapterSet(graph, { linears, norms, tables, absent, name, targetModules, mergedModel });
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
    this.assertUsable("logits");
    const { adapter, signal } = readOptions("logits", options, {
      adapter: this.work.readAdapter,
      signal: readSignal,
    });
    const taken = this.takeIds("logits", "ids", ids);
    const { adapters, end } = this.adapterSet.begin(adapter);
    try {
      throwIfAborted(signal);
      await nextTask();
      throwIfAborted(signal);
      this.assertUsable("logits");
      return this.work.logitsOf(this, adapters, taken);
    } finally {
      end();
    }
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
    return this.chatText("applyChatTemplate", messages, options);
  }

  /**
   * Text behind a prompt, piece by piece; pieces never split a character. Options, prompt and adapter are taken at the call; several
   * generations at once do not disturb each other.
   *
   * @param prompt a text, messages of a conversation, which the chat template makes a text of, or token ids
   * Throws at the call `ConfigError` for options that make no sense, and where prompt and `maxTokens` do not fit into the model's
   * positions; while it runs `AbortError` when cancelled, `NonFiniteError` where logits are NaN.
   */
  generate(prompt: Prompt, options: GenerateOptions = {}): AsyncGenerator<string, void, undefined> {
    if (this.tokenizer === null)
      throw new ConfigError("generate: this model has no tokenizer.json; `generateTokens` gives ids", {
        op: "generate",
        option: "prompt",
      });
    return texts(this.begin("generate", prompt, options));
  }

  /** The same token by token, each with its id, the text that it completes and its log probability. */
  generateTokens(prompt: Prompt, options: GenerateOptions = {}): AsyncGenerator<GeneratedToken, void, undefined> {
    return this.begin("generateTokens", prompt, options);
  }

  /**
   * Trains an adapter on completions: the loss is the mean cross entropy of the examples' targets. Other calls may run meanwhile.
   *
   * @param examples `{ prompt, completion }`, joined as they are, the end-of-text token behind them, of which the completion is learnt;
   *   or `{ ids, mask }`, a 1 in the mask for each token that is learnt
   * Throws `ConfigError` for an example without a target or with too many tokens, by its number; see `fit` for the rest.
   */
  async fit(examples: readonly LanguageExample[], options: LanguageFitOptions = {}): Promise<FitReport> {
    this.assertUsable("fit");
    const { adapter: name, checkpointing, rest } = this.work.takeLanguageFit(options);
    const adapter = name === undefined ? this.adapterSet.current : this.adapterSet.get(name);
    if (adapter === null)
      throw new ConfigError("fit: there is no active adapter to train: addAdapter makes one", {
        op: "fit",
        option: "adapter",
      });
    this.adapterSet.checkTrainable(adapter);
    const taken = this.work.takeLanguageExamples("fit", this, examples);
    return fit(this.work.languageTask(this, adapter, checkpointing), taken, rest);
  }

  private begin(
    what: string,
    prompt: Prompt,
    options: GenerateOptions,
  ): AsyncGenerator<GeneratedToken, void, undefined> {
    this.assertUsable(what);
    const taken = this.work.takeGenerateOptions(what, options);
    const ids = this.promptIds(what, prompt);
    const room = this.work.roomFor(what, ids, taken.maxTokens, this.maxTokens);
    const begun = this.adapterSet.begin(taken.adapter);
    return ending(this.work.generateTokens(this, begun.adapters, ids, room, taken), begun.end);
  }

  private chatText(what: string, messages: readonly ChatMessage[], options: ChatTemplateOptions): string {
    if (this.chatTemplate !== null) return this.chatTemplate.apply(what, messages, options);
    throw new ModelError(
      `${what}: model ${clip(this.name)} has no chat template (chat_template.jinja, or chat_template in tokenizer_config.json): ` +
        "give the prompt as a text",
      { op: what, model: this.name, key: "chat_template" },
    );
  }

  private promptIds(what: string, prompt: Prompt): Int32Array {
    const chat = this.work.isChat(prompt);
    if (typeof prompt !== "string" && !chat) return this.takeIds(what, "prompt", prompt);
    const text = chat ? this.chatText(what, prompt, { addGenerationPrompt: true }) : prompt;
    if (this.tokenizer !== null) return chat ? this.tokenizer.encodeBare(text) : this.tokenizer.encode(text);
    throw new ConfigError(`${what}: this model has no tokenizer.json: a prompt is a list of token ids`, {
      op: what,
      option: "prompt",
    });
  }

  private takeIds(what: string, name: string, given: ArrayLike<number>): Int32Array {
    const { data, least, most } = integersOf(what, name, given);
    const { vocabularySize, maxPositions } = this.model.config;
    if (data.length > 0 && (least < 0 || most >= vocabularySize))
      throw new ConfigError(`${what}: token ids are from 0 to ${vocabularySize - 1}, got ${least < 0 ? least : most}`, {
        op: what,
        option: name,
        value: least < 0 ? least : most,
        length: vocabularySize,
      });
    if (data.length <= maxPositions) return data;
    throw new ConfigError(`${what}: ${data.length} tokens; the model has ${excerpt(maxPositions)} positions`, {
      op: what,
      option: name,
      value: data.length,
      length: maxPositions,
    });
  }
}

async function* texts(tokens: AsyncGenerator<GeneratedToken, void, undefined>) {
  for await (const { text } of tokens) if (text !== "") yield text;
}

/** The same generator; `end` is called once it ends, or is given up before it began. */
function ending<T>(inner: AsyncGenerator<T, void, undefined>, end: () => void): AsyncGenerator<T, void, undefined> {
  let over = false;
  const finish = () => {
    if (!over) end();
    over = true;
  };
  const watched = async (work: Promise<IteratorResult<T, void>>) => {
    try {
      const result = await work;
      if (result.done === true) finish();
      return result;
    } catch (error) {
      finish();
      throw error;
    }
  };
  return {
    next: () => watched(inner.next()),
    return: (value) => watched(inner.return(value)),
    throw: (error) => watched(inner.throw(error)),
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await this.return();
    },
  };
}
