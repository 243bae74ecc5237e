import { ContinuousBatch, type RunningText } from "../../models/language/batch/continuous-batch.js";
import type { Expiry } from "../../models/language/batch/batch-text.js";
import type { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import { ApiError, busy, reading } from "./api-error.js";
import { type AnswerForm, GenerationAnswer } from "./generation-answer.js";
import { askedChat, type AskedGeneration, type Fields } from "./generation-request.js";
import type { LanguageServerSettings } from "./language-server-options.js";

const chat: AnswerForm = {
  ...{ prefix: "chatcmpl-", object: "chat.completion", event: "chat.completion.chunk" },
  choice: (content, finish) => ({ message: { role: "assistant", content, refusal: null }, finish_reason: finish }),
  first: () => ({ delta: { role: "assistant", content: "" }, finish_reason: null }),
  piece: (content, finish) => ({ delta: finish === null ? { content } : {}, finish_reason: finish }),
};

/** An answer that is generated, and how it is sent. */
export interface Begun {
  readonly answer: GenerationAnswer;
  readonly stream: boolean;
}

/** What the routes of a language server answer, in a script that is fetched with the first request. */
export class LanguageRoutes {
  readonly batch: ContinuousBatch;
  private readonly created = Math.floor(Date.now() / 1000);

  constructor(
    private readonly model: CausalLanguageModel,
    private readonly settings: LanguageServerSettings,
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

  /** Begins a chat completion. Throws `ApiError` if the request is invalid, or there is no place. */
  chat(fields: Fields, signal: AbortSignal, expiry: Expiry): Begun {
    return this.begun(chat, askedChat(this.model, fields, this.settings.maxTokens), signal, expiry);
  }

  private begun(form: AnswerForm, asked: AskedGeneration, signal: AbortSignal, expiry: Expiry): Begun {
    const { model, n, stream, includeUsage, promptTokens } = asked;
    const adapter = this.adapterOf(model);
    const requests = reading("messages", () => asked.requests(adapter, signal));
    const { running, waiting } = this.batch.size;
    const { maxRunning, maxWaiting } = this.settings;
    if (running + waiting + requests.length > maxRunning + maxWaiting)
      throw busy(`${running} answers are being generated and ${waiting} wait; ask again in a moment`);
    const texts: RunningText[] = [];
    try {
      for (const request of requests) texts.push(reading("model", () => this.batch.add(request, expiry)));
    } catch (error) {
      for (const text of texts) text.end();
      throw error;
    }
    return { answer: new GenerationAnswer(form, model, texts, promptTokens, n, includeUsage), stream };
  }

  private get base(): string {
    return this.settings.name ?? this.model.name;
  }

  /** Adapters by the names in requests; null for the base alone. */
  private names(): Map<string, string | null> {
    const { adapters } = this.settings;
    const known = this.model.adapters().filter(({ name }) => adapters?.includes(name) ?? true);
    return new Map([...known.map(({ name }) => [name, name] as const), [this.base, null]]);
  }

  private adapterOf(model: string): string | null {
    const names = this.names();
    const found = names.get(model);
    if (found !== undefined) return found;
    const message = `there is no model ${JSON.stringify(model)} here; GET /v1/models lists them`;
    throw new ApiError(404, "model_not_found", message, "model");
  }
}
