import type { RunningText } from "../../models/language/batch/continuous-batch.js";
import type { GeneratedToken } from "../../models/language/sequence.js";
import { type ToolCall, type ToolCallPiece, toolCallsOf } from "../../models/language/tools/tool-options.js";
import { type FinishReason, finishReasonOf } from "../finish-reason.js";
import type { ErrorBody } from "./api-error.js";

/** A token by itself. */
export interface WrittenToken {
  /** Parts of characters are "�". */
  readonly text: string;
  /** Null for a model without a tokenizer. */
  readonly bytes: readonly number[] | null;
}

/** Writes a token by its id. */
export type TextOf = (id: number) => WrittenToken;

/** Log probabilities of each token, as responses have them. */
export function tokenLogprobs(tokens: readonly GeneratedToken[], textOf: TextOf): object[] {
  const entry = ({ id, logProbability }: { readonly id: number; readonly logProbability: number }) => {
    const { text, bytes } = textOf(id);
    return { token: text, logprob: logProbability, bytes };
  };
  return tokens.map((token) => ({ ...entry(token), top_logprobs: (token.top ?? []).map(entry) }));
}

/** How chat completions and completions differ. */
export interface AnswerForm {
  /** Beginning of ids. */
  readonly prefix: string;
  /** `object` of a whole answer and of an event. */
  readonly object: string;
  readonly event: string;
  /** A choice of a whole answer. */
  readonly choice: (text: string, finish: FinishReason, calls: readonly ToolCall[]) => object;
  /** A choice of the first event; null if there is none. */
  readonly first: (() => object) | null;
  /** A choice of an event: new text, and why it was the last or null. */
  readonly piece: (text: string, finish: FinishReason | null, calls: readonly ToolCallPiece[]) => object;
  /** Log probabilities of tokens, after so many characters of the text. */
  readonly logprobs: (tokens: readonly GeneratedToken[], textOf: TextOf, offset: number) => object;
}

async function tokensOf(running: RunningText): Promise<GeneratedToken[]> {
  const tokens: GeneratedToken[] = [];
  for (let token = await running.next(); token !== null; token = await running.next()) tokens.push(token);
  return tokens;
}

/** What was asked for an answer as a whole. */
export interface AnswerAsked {
  /** The name of the base or of an adapter. */
  readonly model: string;
  /** Tokens of all prompts together. */
  readonly promptTokens: number;
  /** Choices of each prompt. */
  readonly n: number;
  readonly includeUsage: boolean;
  /** Writes tokens beside their log probabilities; null if these are not asked for. */
  readonly textOf: TextOf | null;
  /** Fields of the request that are part of its answer. */
  readonly echo?: object;
}

/** An answer while it is generated. */
export interface GeneratedAnswer {
  whole(): Promise<object>;
  /** The answer as events of a stream. */
  events(): AsyncGenerator<object, void, undefined>;
  /** The event that ends a stream with an error. */
  failed(error: ErrorBody): object;
  /** Frees the places of texts that have not ended. */
  end(): void;
}

/** The choices of one answer, while they are generated. */
export class GenerationAnswer implements GeneratedAnswer {
  private readonly head: { readonly id: string; readonly created: number; readonly model: string };
  private tokens = 0;

  constructor(
    private readonly form: AnswerForm,
    private readonly asked: AnswerAsked,
    private readonly texts: readonly RunningText[],
  ) {
    this.head = { id: form.prefix + crypto.randomUUID(), created: Math.floor(Date.now() / 1000), model: asked.model };
  }

  end(): void {
    for (const text of this.texts) text.end();
  }

  failed(error: ErrorBody): object {
    return { error };
  }

  /** The whole answer. */
  async whole(): Promise<object> {
    // All at the same time: each one's first token is seen when it comes.
    const choices = (await Promise.all(this.texts.map(tokensOf))).map((tokens, index) => {
      this.tokens += tokens.length;
      const text = tokens.map((token) => token.text).join("");
      const calls = toolCallsOf(tokens);
      const finish = finishReasonOf(tokens.at(-1)!.end!, calls.length > 0);
      return { index, ...this.form.choice(text, finish, calls), ...this.logprobs(tokens, 0) };
    });
    return { ...this.head, object: this.form.object, choices, usage: this.usage() };
  }

  /** The answers as events: pieces of all choices in turn. */
  async *events(): AsyncGenerator<object, void, undefined> {
    const { form, texts } = this;
    if (form.first !== null) for (const index of texts.keys()) yield this.event(index, form.first(), [], 0);
    const offsets = texts.map(() => 0);
    const calling = new Set<number>();
    const open = new Set(texts.keys());
    while (open.size > 0)
      for (const index of open) {
        // One that waits for a place must not delay those that have one.
        if (!texts[index]!.begun && [...open].some((other) => texts[other]!.begun)) continue;
        const token = await texts[index]!.next();
        if (token?.end !== null) open.delete(index);
        if (token === null) continue;
        this.tokens++;
        const { toolCalls = [] } = token;
        if (toolCalls.length > 0) calling.add(index);
        if (token.text !== "" || toolCalls.length > 0 || this.asked.textOf !== null)
          yield this.event(index, form.piece(token.text, null, toolCalls), [token], offsets[index]!);
        offsets[index]! += token.text.length;
        if (token.end === null) continue;
        yield this.event(index, form.piece("", finishReasonOf(token.end, calling.has(index)), []), [], 0);
      }
    if (this.asked.includeUsage) yield { ...this.head, object: form.event, choices: [], usage: this.usage() };
  }

  private event(index: number, choice: object, tokens: readonly GeneratedToken[], offset: number): object {
    const usage = this.asked.includeUsage ? { usage: null } : {};
    const choices = [{ index, ...choice, ...this.logprobs(tokens, offset) }];
    return { ...this.head, object: this.form.event, choices, ...usage };
  }

  private logprobs(tokens: readonly GeneratedToken[], offset: number): object {
    const { textOf } = this.asked;
    return { logprobs: textOf === null || tokens.length === 0 ? null : this.form.logprobs(tokens, textOf, offset) };
  }

  private usage(): object {
    const { tokens, texts } = this;
    const { promptTokens, n } = this.asked;
    const firsts = texts.filter((_, i) => i % n === 0);
    const reused = firsts.reduce((sum, text) => sum + text.reused, 0);
    return {
      prompt_tokens: promptTokens,
      completion_tokens: tokens,
      total_tokens: promptTokens + tokens,
      prompt_tokens_details: { cached_tokens: reused },
    };
  }
}
