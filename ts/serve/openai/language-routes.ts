import { ContinuousBatch, type RunningText } from "../../models/language/batch/continuous-batch.js";
import type { Expiry } from "../../models/language/batch/batch-text.js";
import type { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import type { GenerationRequest } from "../../models/language/generate.js";
import { tokenText } from "../../tokenize/token-text.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { nextTask } from "../../waiting/next-task.js";
import { batchLimits } from "../batch-limits.js";
import { busy, reading } from "./api-error.js";
import type { Fields } from "./fields.js";
import {
  type AnswerAsked,
  type AnswerForm,
  chatForm,
  completionForm,
  type GeneratedAnswer,
  GenerationAnswer,
  type WrittenToken,
} from "./generation-answer.js";
import { askedChat, askedCompletion, type AskedGeneration } from "./generation-request.js";
import type { LanguageServerSettings } from "./language-server-options.js";
import type { Metrics } from "./metrics.js";
import type { LoggedRequest } from "./request-log.js";
import type { StoredBlocks } from "./stored/stored-blocks.js";
import type { ModelNames } from "./model-names.js";
import { ResponseAnswer } from "./responses/response-answer.js";
import { askedResponse, responseNames } from "./responses/response-request.js";

/** An answer that is generated, and how it is sent. */
export interface Begun {
  readonly answer: GeneratedAnswer;
  readonly stream: boolean;
}

/** Routes that generate. */
export type GenerationRoute = "chat/completions" | "completions" | "responses";

/** What a route reads, and how it answers. */
interface Route {
  readonly ask: typeof askedChat;
  /** The field that prompts come from. */
  readonly prompt: string;
  readonly answer: (asked: AnswerAsked, texts: readonly RunningText[]) => GeneratedAnswer;
  /** Names of fields in errors, where they are others than those of chat completions. */
  readonly renamed?: (words: string) => string;
}

/** Pieces of compiling a format between two pauses, each about a millisecond. */
const PIECES = 8;

const choices =
  (form: AnswerForm): Route["answer"] =>
  (asked, texts) =>
    new GenerationAnswer(form, asked, texts);

const routes: Readonly<Record<GenerationRoute, Route>> = {
  "chat/completions": { ask: askedChat, prompt: "messages", answer: choices(chatForm) },
  completions: { ask: askedCompletion, prompt: "prompt", answer: choices(completionForm) },
  responses: {
    ask: askedResponse,
    prompt: "input",
    renamed: responseNames,
    answer: (asked, [text]) => new ResponseAnswer(asked, text!),
  },
};

/** What the routes of a language server answer, in a script that is fetched with the first request. */
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
    fields: Fields,
    signal: AbortSignal,
    expiry: Expiry,
    logged: LoggedRequest,
  ): Promise<Begun> {
    const { ask, prompt, answer, renamed } = routes[route];
    const { maxTokens, maxTexts: maxMessages, maxCharacters } = this.settings;
    const asked = ask(this.model, fields, { maxTokens, maxMessages, maxCharacters, maxAnswers: this.places });
    const { adapter } = this.names.find(["generate"], asked.model);
    const { running, waiting } = this.batch.size;
    if (running + waiting + asked.count > this.places)
      throw busy(`${running} answers are being generated and ${waiting} wait; ask again in a moment`);
    const requests = reading(prompt, () => asked.requests(adapter), renamed);
    const begun = this.begun(answer, asked, requests, signal, expiry, logged);
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
    answerOf: Route["answer"],
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
    return { answer: answerOf({ ...asked, textOf }, texts), stream: asked.stream };
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
