import { ConfigError, StaleNodeError } from "../../errors/errors.js";
import { sameValues } from "../../values/number-list.js";
import { CachedTokens } from "./decode-step.js";
import type { GenerateOptions, Prompt } from "./generate-options.js";
import { beginWith, generateTokens, single, taken, type Taken, texts, underWay } from "./generate.js";
import type { CalledLanguageModel } from "./load-language-model.js";
import { takeRequest } from "./prompts.js";
import type { GeneratedToken } from "./sequence.js";

/** `GenerationSession`, for `CausalLanguageModel.session`: its constructor is private to users. */
export type SessionConstructor = new (model: CalledLanguageModel) => GenerationSession;

/**
 * Generations that reuse each other's work, as the turns of a conversation. Keys and values of the last text stay in memory; of the next
 * text, only the tokens after the common beginning are computed. Results are bit-identical to those without a session.
 *
 * @example
 * using session = model.session();
 * const messages = [{ role: "user", content: "Hello!" }];
 * for await (const piece of session.generate(messages)) console.log(piece);
 */
export class GenerationSession implements Disposable {
  private held: CachedTokens;
  /** The adapters and weights that the cached tokens were computed with. */
  private by: (Pick<Taken, "adapters" | "weights"> & { readonly rounded: boolean }) | null = null;
  private running = false;
  private disposed = false;

  private constructor(
    private readonly model: CalledLanguageModel,
    held?: CachedTokens,
  ) {
    this.held = held ?? CachedTokens.none(model.graph, model.model.config, model.cacheFormat);
  }

  /** Tokens whose keys and values are in memory. */
  get tokens(): number {
    return this.held.length;
  }

  /** Size in bytes of the session's keys and values. */
  get bytes(): number {
    return this.held.cache.bytes;
  }

  /** @internal Whether it was disposed. */
  get gone(): boolean {
    return this.disposed || this.model.graph.gone;
  }

  /** Generates text; see `CausalLanguageModel.generate`. Throws `ConfigError` while another generation of this session is running. */
  generate(prompt: Prompt, options: GenerateOptions = {}): AsyncGenerator<string, void, undefined> {
    if (this.model.tokenizer === null)
      throw new ConfigError("generate: this model has no tokenizer.json; `generateTokens` gives ids", {
        op: "generate",
        option: "prompt",
      });
    return texts(this.begin("generate", prompt, options, { logProbabilities: false }));
  }

  /** Generates token by token; see `CausalLanguageModel.generateTokens`. Throws `ConfigError` while another generation of this session is running. */
  generateTokens(prompt: Prompt, options: GenerateOptions = {}): AsyncGenerator<GeneratedToken, void, undefined> {
    return this.begin("generateTokens", prompt, options, {});
  }

  /** A second session that continues from the same tokens. */
  fork(): GenerationSession {
    this.checkIdle("fork");
    const made = new GenerationSession(this.model, this.held.fork());
    made.by = this.by;
    return made;
  }

  /** Frees its memory; a running generation ends with an error. Safe to call twice. */
  dispose(): void {
    this.disposed = true;
    if (!this.model.graph.gone) this.held.dispose();
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  private begin(what: string, prompt: Prompt, options: GenerateOptions, fixed: { logProbabilities?: false }) {
    this.checkIdle(what);
    const { model, held } = this;
    const request = takeRequest(model, what, prompt, options, fixed);
    const { adapter, signal, rounded } = request.options;
    const { adapters, weights, begin } = taken(model.adapterSet, adapter);
    const keptTokens = () => {
      const { by } = this;
      const isSame =
        by?.weights === weights && by.rounded === rounded && sameValues(adapters.held(), by.adapters.held());
      if (!isSame) held.cut(0);
      this.by = { adapters, weights, rounded };
      return held;
    };
    return underWay(single(generateTokens(model, adapters, [request], signal, keptTokens)), () => {
      this.checkIdle(what);
      const end = beginWith(begin, [request])();
      this.running = true;
      return () => {
        this.running = false;
        end();
      };
    });
  }

  private checkIdle(what: string): void {
    if (this.disposed)
      throw new StaleNodeError(`${what}: this session was disposed; \`session\` makes another`, {
        op: what,
        reason: "disposed",
      });
    if (this.running)
      throw new ConfigError(`${what}: a text of this session is under way; end it first, or \`fork\` before it`, {
        op: what,
        reason: "running",
      });
  }
}
