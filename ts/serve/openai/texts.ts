import type { ModelAdapter } from "../../adapters/model-adapter.js";
import type { Read } from "../../arguments/options.js";
import { unexpected } from "../../arguments/settings.js";
import { encodingOf } from "../../models/sentence/inference.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { Steps } from "../../waiting/next-task.js";
import type { Deadline } from "../deadline.js";
import type { TextsAsked, WaitingTexts } from "../waiting-texts.js";
import { ApiError, reading } from "./api-error.js";
import type { Body, Endpoint } from "./endpoints/endpoint.js";
import type { ModelNames } from "./model-names.js";
import { TextQueues, type WithRoom } from "./text-queues.js";

/** A text, or its token ids. */
export type Input = string | readonly number[];

/** Limits of texts. */
export interface TextLimits {
  /** Maximum number of texts of a request. */
  readonly maxTexts: number;
  /** Maximum number of characters of a text. */
  readonly maxCharacters: number;
  /** Maximum number of texts that wait for a model. */
  readonly maxWaitingTexts: number;
}

/** A request while it is answered. */
export interface Answering {
  readonly until: Deadline;
  /** Number of tokens so far. */
  tokens: number;
}

/** An answer, with the name of the model or adapter that gave it. */
export interface Answered extends Readonly<Record<string, unknown>> {
  readonly model: string;
}

/** How texts are encoded. */
type EncodingOptions = Omit<NonNullable<Parameters<typeof encodingOf>[1]>, "adapter">;

/** An endpoint that computes something of texts. */
export interface TextEndpoint extends Endpoint {
  /** Answers a body without fields that are null. Rejects with `ApiError` if it is invalid. */
  compute(texts: Texts, body: Body, request: Answering): Promise<Answered>;
}

/** Reads a list of at least one item. */
export function listOf<T>(expected: string, fits: (value: unknown) => value is T): Read<readonly T[]> {
  return (what, name, value) => {
    if (!Array.isArray(value) || value.length === 0) throw unexpected(what, name, expected, value);
    const wrong = value.findIndex((item) => !fits(item));
    if (wrong < 0) return value;
    throw unexpected(what, name, expected, (value as readonly unknown[])[wrong], undefined, { place: wrong });
  };
}

/** Computes texts of requests, together with those of other requests. */
export class Texts {
  readonly queues: TextQueues;

  constructor(
    readonly names: ModelNames,
    private readonly limits: TextLimits,
    withRoom: WithRoom,
  ) {
    // A reranking by an encoder has its query beside the documents.
    this.queues = new TextQueues(1 + limits.maxWaitingTexts, withRoom);
  }

  /** Vectors as `SentenceEncoder.encode` gives them. */
  async vectors(
    encoder: SentenceEncoder,
    adapter: string | null,
    inputs: readonly Input[],
    options: EncodingOptions,
    request: Answering,
  ): Promise<Float32Array[]> {
    const hasIds = inputs.some((input) => typeof input !== "string");
    if (hasIds && options.promptName !== undefined)
      throw new ApiError(400, "invalid_value", "a prompt is put before texts, not before token ids", "prompt_name");
    if (options.promptName !== undefined) checkPrompt(encoder, options.promptName);
    // Before any is computed: a late error would be one of the server.
    for (const input of inputs) if (typeof input !== "string") checkIds(encoder, input);
    const choice = hasIds ? { ...options, prompt: "" } : options;
    const { before, skip, finish } = reading("input", () => encodingOf(encoder, choice));
    const tokensOf = function* (i: number): Steps<Int32Array> {
      const input = inputs[i]!;
      if (typeof input !== "string") return Int32Array.from(input);
      const ids = yield* encoder.tokenizer.encodeSteps(before + input);
      if (ids.length > 0) return ids;
      throw new ApiError(400, "invalid_value", `the text at place ${i} has no token`, "input");
    };
    const own: ModelAdapter | null = adapter === null ? null : encoder.adapterSet.get(adapter);
    const end = this.names.use(encoder, adapter);
    return this.run(
      this.queues.of(encoder),
      { count: inputs.length, tokensOf, adapter: own, finish, skip },
      request,
    ).finally(end);
  }

  /** Runs texts through a queue, and counts their tokens. */
  async run<T extends { readonly length: number }>(
    queue: WaitingTexts<T>,
    { tokensOf, ...asked }: TextsAsked<T>,
    request: Answering,
  ): Promise<Float32Array[]> {
    const counted = function* (i: number): Steps<T> {
      const steps = tokensOf(i);
      for (;;) {
        const { done, value } = reading("input", () => steps.next());
        if (done === true) {
          request.tokens += value.length;
          return value;
        }
        yield;
      }
    };
    return queue.run({ ...asked, tokensOf: counted }, request.until.checkWanted);
  }

  /** Throws `ApiError` for too many texts, and for one that is too long. */
  checkTexts(field: string, texts: readonly Input[]): void {
    const { maxTexts } = this.limits;
    if (texts.length > maxTexts)
      throw new ApiError(
        400,
        "invalid_value",
        `a request has at most ${maxTexts} texts here, got ${texts.length}`,
        field,
      );
    for (const [i, text] of texts.entries()) if (typeof text === "string") this.checkLength(field, text, i);
  }

  /** Throws `ApiError` for a text that is too long. */
  checkLength(field: string, text: string, place?: number): void {
    const { maxCharacters } = this.limits;
    if (text.length <= maxCharacters) return;
    const which = place === undefined ? "it" : `the text at place ${place}`;
    const message = `a text of ${field} has at most maxCharacters, ${maxCharacters}, and ${which} has ${text.length}`;
    throw new ApiError(400, "invalid_value", message, field);
  }
}

/** Throws `ApiError` for a prompt that a model does not have. */
function checkPrompt({ layout }: SentenceEncoder, promptName: string): void {
  try {
    layout.prompts.choose("embeddings", { promptName });
  } catch (error) {
    throw new ApiError(400, "invalid_value", (error as Error).message, "prompt_name");
  }
}

/** Throws `ApiError` for token ids that a model does not have, and for more than it takes. */
function checkIds({ model, tokenizer }: SentenceEncoder, ids: readonly number[]): void {
  const { vocabularySize } = model.config;
  const unknown = ids.find((id) => id >= vocabularySize);
  if (unknown !== undefined)
    throw new ApiError(400, "invalid_value", `token ids are from 0 to ${vocabularySize - 1}, got ${unknown}`, "input");
  if (ids.length <= tokenizer.maxTokens) return;
  const message = `this model has ${tokenizer.maxTokens} positions, got ${ids.length} token ids`;
  throw new ApiError(400, "context_length_exceeded", message, "input");
}
