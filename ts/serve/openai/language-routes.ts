import { ContinuousBatch, type RunningText } from "../../models/language/batch/continuous-batch.js";
import type { Expiry } from "../../models/language/batch/batch-text.js";
import type { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import type { GenerationRequest } from "../../models/language/generate.js";
import { readOptions } from "../../arguments/read-options.js";
import { text } from "../../arguments/settings.js";
import { tokenText } from "../../tokenize/token-text.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { isName } from "../request-fields.js";
import { ApiError, busy, reading, stopping } from "./api-error.js";
import { type AnswerForm, chatForm, completionForm, GenerationAnswer } from "./generation-answer.js";
import { askedChat, askedCompletion, type AskedGeneration, type Fields } from "./generation-request.js";
import type { LanguageServerSettings } from "./language-server-options.js";
import type { WrittenToken } from "./log-probabilities.js";
import type { Metrics } from "./metrics.js";
import type { LoggedRequest } from "./request-log.js";

/** An answer that is generated, and how it is sent. */
export interface Begun {
  readonly answer: GenerationAnswer;
  readonly stream: boolean;
}

/** Routes that generate. */
export type GenerationRoute = "chat/completions" | "completions";

const forms = {
  "chat/completions": { form: chatForm, ask: askedChat, prompt: "messages" },
  completions: { form: completionForm, ask: askedCompletion, prompt: "prompt" },
} as const;

/** What the routes of a language server answer, in a script that is fetched with the first request. */
export class LanguageRoutes {
  readonly batch: ContinuousBatch;
  /** Names of adapters that requests have loaded. */
  private readonly loaded = new Set<string>();
  private readonly created = Math.floor(Date.now() / 1000);

  constructor(
    private readonly model: CausalLanguageModel,
    private readonly settings: LanguageServerSettings,
    private readonly metrics: Metrics,
  ) {
    const { maxRunning, prefixCacheBytes } = settings;
    this.batch = new ContinuousBatch(model, { maxTexts: maxRunning, prefixBytes: prefixCacheBytes });
  }

  /** The base and the adapters that requests can name. */
  models(): object {
    return { object: "list", data: [...this.names().keys()].map((id) => this.described(id)) };
  }

  /** One of them. Throws `ApiError` for an unknown name. */
  described(id: string): object {
    const parent = this.adapterOf(id) === null ? {} : { parent: this.base };
    return { id, object: "model", created: this.created, owned_by: "lowrank", ...parent };
  }

  /**
   * Loads an adapter, from what the option `loadAdapter` finds under its name. Throws `ApiError` if that is not allowed, the name is in use or
   * unknown, the files do not fit, or the server is stopping once they have come.
   */
  async addAdapter(fields: Fields, isClosing: () => boolean): Promise<object> {
    const { loadAdapter } = this.settings;
    if (loadAdapter === undefined) throw new ApiError(403, "forbidden", "this server loads no adapters");
    const { name } = reading("name", () => readOptions("adapters", fields, { name: text }));
    if (!isName(name))
      throw new ApiError(400, "invalid_value", 'a name is of lower-case letters, digits, "-", "_" and dots', "name");
    this.checkFree(name);
    const files = await loadAdapter(name);
    if (isClosing()) throw stopping();
    this.checkFree(name);
    if (files === null) throw new ApiError(404, "adapter_not_found", `there is no adapter ${name} to load`, "name");
    reading("name", () => this.batch.withRoom(() => this.model.loadAdapter(name, files)));
    this.loaded.add(name);
    return this.described(name);
  }

  /** Removes an adapter; requests that use it finish with it. Throws `ApiError` if that is not allowed, or the name is unknown. */
  removeAdapter(name: string): object {
    if (this.settings.loadAdapter === undefined)
      throw new ApiError(403, "forbidden", "this server's adapters cannot be removed");
    if (this.adapterOf(name) === null) throw new ApiError(400, "invalid_value", "the base cannot be removed", "name");
    reading("name", () => this.model.removeAdapter(name));
    this.batch.forgetRemoved();
    this.loaded.delete(name);
    return { id: name, object: "model", deleted: true };
  }

  /** Begins a chat completion or a completion. Throws `ApiError` if the request is invalid, or there is no place. */
  generate(route: GenerationRoute, fields: Fields, signal: AbortSignal, expiry: Expiry, logged: LoggedRequest): Begun {
    const { form, ask, prompt } = forms[route];
    const { maxTokens } = this.settings;
    const asked = ask(this.model, fields, { maxTokens, maxTexts: this.places });
    const adapter = this.adapterOf(asked.model);
    const { running, waiting } = this.batch.size;
    if (running + waiting + asked.count > this.places)
      throw busy(`${running} answers are being generated and ${waiting} wait; ask again in a moment`);
    const requests = reading(prompt, () => asked.requests(adapter));
    return this.begun(form, asked, requests, signal, expiry, logged);
  }

  private begun(
    form: AnswerForm,
    asked: AskedGeneration,
    requests: readonly GenerationRequest[],
    signal: AbortSignal,
    expiry: Expiry,
    logged: LoggedRequest,
  ): Begun {
    throwIfAborted(signal);
    const texts: RunningText[] = [];
    try {
      for (const request of requests)
        texts.push(logged.watched(this.metrics.observed(reading("model", () => this.batch.add(request, expiry)))));
    } catch (error) {
      for (const text of texts) text.end();
      throw error;
    }
    // One listener for all: Node warns of more than ten.
    signal.addEventListener("abort", () => texts.forEach((text) => text.end()), { once: true });
    this.metrics.promptTokens += asked.promptTokens;
    logged.answeredBy(asked.model, asked.promptTokens);
    const textOf = asked.logprobs ? (id: number) => this.textOf(id) : null;
    return { answer: new GenerationAnswer(form, { ...asked, textOf }, texts), stream: asked.stream };
  }

  /** A token by itself; special tokens are written as they are named. */
  private textOf(id: number): WrittenToken {
    const { tokenizer } = this.model;
    if (tokenizer === null) return { text: String(id), bytes: null };
    const bytes = tokenText(tokenizer, true).bytes(id) ?? new Uint8Array();
    return { text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), bytes: [...bytes] };
  }

  /** Answers that are generated or wait at the same time. */
  private get places(): number {
    return this.settings.maxRunning + this.settings.maxWaiting;
  }

  private get base(): string {
    return this.settings.name ?? this.model.name;
  }

  /** Adapters by the names in requests; null for the base alone. */
  private names(): Map<string, string | null> {
    const { adapters } = this.settings;
    const known = this.model
      .adapters()
      .filter(({ name }) => this.loaded.has(name) || (adapters?.includes(name) ?? true));
    return new Map([...known.map(({ name }) => [name, name] as const), [this.base, null]]);
  }

  private checkFree(name: string): void {
    if (this.names().has(name)) throw new ApiError(409, "name_in_use", `there is a model ${name} already`, "name");
  }

  private adapterOf(model: string): string | null {
    const names = this.names();
    const found = names.get(model);
    if (found !== undefined) return found;
    const message = `there is no model ${JSON.stringify(model)} here; GET /v1/models lists them`;
    throw new ApiError(404, "model_not_found", message, "model");
  }
}
