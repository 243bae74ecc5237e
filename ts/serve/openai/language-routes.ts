import { ContinuousBatch, type RunningText } from "../../models/language/batch/continuous-batch.js";
import type { Expiry } from "../../models/language/batch/batch-text.js";
import type { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import type { GenerationRequest } from "../../models/language/generate.js";
import { tokenText } from "../../tokenize/token-text.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { nextTask } from "../../waiting/next-task.js";
import { batchLimits } from "../batch-limits.js";
import { busy, reading } from "./api-error.js";
import { chatCompletions } from "./endpoints/chat-completions.js";
import { completions } from "./endpoints/completions.js";
import type { Body } from "./endpoints/endpoint.js";
import { responses } from "./endpoints/responses.js";
import type { GeneratedAnswer, WrittenToken } from "./generation-answer.js";
import type { AskedGeneration, GenerationEndpoint } from "./generation-request.js";
import type { LanguageServerSettings } from "./language-server-options.js";
import type { Metrics } from "./metrics.js";
import type { LoggedRequest } from "./request-log.js";
import type { StoredBlocks } from "./stored/stored-blocks.js";
import type { ModelNames } from "./model-names.js";

/** An answer that is generated, and how it is sent. */
export interface Begun {
  readonly answer: GeneratedAnswer;
  readonly stream: boolean;
}

/** Pieces of compiling a format between two pauses, each about a millisecond. */
const PIECES = 8;

/** Endpoints that generate, by path. */
export const generationEndpoints = {
  "/v1/chat/completions": chatCompletions,
  "/v1/responses": responses,
  "/v1/completions": completions,
} as const satisfies Readonly<Record<string, GenerationEndpoint>>;

/** Paths of these endpoints. */
export type GenerationRoute = keyof typeof generationEndpoints;

/** Answers at these paths, in a script that is fetched with the first request. */
export class LanguageRoutes {
  readonly batch: ContinuousBatch;

  constructor(
    private readonly model: CausalLanguageModel,
    private readonly settings: LanguageServerSettings,
    private readonly metrics: Metrics,
    private readonly names: ModelNames,
    /** Prompts that several requests begin with; null for none. */
    readonly stored: StoredBlocks | null,
  ) {
    this.batch = new ContinuousBatch(model, { ...batchLimits(settings), storage: stored ?? undefined });
  }

  /** Begins an answer, once its format is compiled. Rejects with `ApiError` if the request is invalid, or there is no place. */
  async generate(
    route: GenerationRoute,
    body: Body,
    signal: AbortSignal,
    expiry: Expiry,
    logged: LoggedRequest,
  ): Promise<Begun> {
    const { ask, prompt, begin, renamed }: GenerationEndpoint = generationEndpoints[route];
    const { maxTokens, maxTexts: maxMessages, maxCharacters } = this.settings;
    const asked = ask(this.model, body, { maxTokens, maxMessages, maxCharacters, maxAnswers: this.places });
    const { adapter } = this.names.find(["generate"], asked.model);
    const { running, waiting } = this.batch.size;
    if (running + waiting + asked.count > this.places)
      throw busy(`${running} answers are being generated and ${waiting} wait; ask again in a moment`);
    const requests = reading(prompt, () => asked.requests(adapter), renamed);
    const begun = this.begun(begin, asked, requests, signal, expiry, logged);
    try {
      // With their places taken: the adapters' values are those of now, and other requests see how many there are.
      for (const { options } of requests) {
        const compiled = () => reading(prompt, () => options.constraint?.compileSome(PIECES) ?? true, renamed);
        while (!compiled()) {
          await nextTask();
          throwIfAborted(signal);
          if (Date.now() > expiry.time) throw expiry.error();
        }
      }
    } catch (error) {
      begun.answer.end();
      throw error;
    }
    return begun;
  }

  private begun(
    begin: GenerationEndpoint["begin"],
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
    return { answer: begin({ ...asked, textOf }, texts), stream: asked.stream };
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
}
