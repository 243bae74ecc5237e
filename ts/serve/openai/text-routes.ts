import type { ModelAdapter } from "../../adapters/model-adapter.js";
import { readOptions } from "../../arguments/options.js";
import { whole } from "../../arguments/settings.js";
import { encodingOf } from "../../models/sentence/encoding.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { TextClassifier } from "../../tasks/classify/text-classifier.js";
import { scoresOf } from "../../tasks/cross/activations.js";
import type { CrossEncoder } from "../../tasks/cross/cross-encoder.js";
import { answerOf } from "../../tasks/head/prediction.js";
import type { Steps } from "../../waiting/next-task.js";
import type { Deadline } from "../deadline.js";
import type { TextsAsked, WaitingTexts } from "../waiting-texts.js";
import { ApiError, reading } from "./api-error.js";
import { type Fields, present } from "./fields.js";
import type { ModelNames } from "./model-names.js";
import { classifyFields, embeddingFields, type Input, rerankFields } from "./text-fields.js";
import { TextQueues, type WithRoom } from "./text-queues.js";

/** Characters of one call: longer lists of arguments overflow the stack. */
const PIECE = 4096;

/** Numbers in float32, least significant byte first, in base64. */
export function base64(numbers: Float32Array): string {
  const bytes = new Uint8Array(4 * numbers.length);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, i) => view.setFloat32(4 * i, number, true));
  let text = "";
  for (let i = 0; i < bytes.length; i += PIECE) text += String.fromCharCode(...bytes.subarray(i, i + PIECE));
  return btoa(text);
}

/** Routes that compute something of texts. */
export type TextRoute = "embeddings" | "rerank" | "classify";

/** Limits of texts. */
interface TextLimits {
  /** Maximum number of texts of a request. */
  readonly maxTexts: number;
  /** Maximum number of characters of a text. */
  readonly maxCharacters: number;
  /** Maximum number of texts that wait for a model. */
  readonly maxWaitingTexts: number;
}

/** A request while it is answered. */
interface Answering {
  readonly until: Deadline;
  /** Number of tokens so far. */
  tokens: number;
}

/** An answer, with the name of the model or adapter that gave it. */
interface Answered extends Readonly<Record<string, unknown>> {
  readonly model: string;
}

/** An answer, and the number of tokens of all its texts. */
export interface TextAnswer {
  readonly body: object;
  readonly model: string;
  readonly tokens: number;
}

/** How texts are encoded. */
type EncodingOptions = Omit<NonNullable<Parameters<typeof encodingOf>[1]>, "adapter">;

/** What the routes of texts answer, in a script that is fetched with the first request. */
export class TextRoutes {
  readonly queues: TextQueues;

  constructor(
    private readonly names: ModelNames,
    private readonly limits: TextLimits,
    withRoom: WithRoom,
  ) {
    // A reranking by an encoder has its query beside the documents.
    this.queues = new TextQueues(1 + limits.maxWaitingTexts, withRoom);
  }

  /** Answers a request. Rejects with `ApiError` if it is invalid, with `Refusal` if it is late or there is no place. */
  async answer(route: TextRoute, fields: Fields, until: Deadline): Promise<TextAnswer> {
    const request: Answering = { until, tokens: 0 };
    const answered = await this[route](present(fields), request);
    const { tokens } = request;
    const usage = { prompt_tokens: tokens, total_tokens: tokens };
    return { body: { object: "list", ...answered, usage }, model: answered.model, tokens };
  }

  private async embeddings(fields: Fields, request: Answering): Promise<Answered> {
    const what = "embeddings";
    const asked = reading("input", () => readOptions(what, fields, embeddingFields));
    const { input, encoding_format: format, dimensions, normalize, prompt_name: promptName } = asked;
    this.checkTexts("input", input);
    const { model: encoder, adapter, name } = this.names.find(["embed"], asked.model);
    if (dimensions !== undefined)
      reading("dimensions", () => whole(what, "dimensions", dimensions, 1, encoder.hiddenSize));
    const options = { normalize, truncateDim: dimensions, promptName };
    const rows = await this.vectors(encoder, adapter, input, options, request);
    const written = format === "base64" ? base64 : (row: Float32Array) => [...row];
    const data = rows.map((row, index) => ({ object: "embedding", index, embedding: written(row) }));
    return { data, model: name };
  }

  private async rerank(fields: Fields, request: Answering): Promise<Answered> {
    const asked = reading("documents", () => readOptions("rerank", fields, rerankFields));
    const { query, documents, top_n: top, return_documents: isReturned } = asked;
    this.checkTexts("documents", documents);
    this.checkLength("query", query);
    const found = this.names.find(["rerank", "embed"], asked.model);
    checkDocumentTokens(found.kind === "rerank" ? found.model.encoder : found.model, asked.max_tokens_per_doc);
    const scores =
      found.kind === "rerank"
        ? await this.pairScores(found.model, query, documents, request)
        : await this.similarities(found.model, found.adapter, query, documents, request);
    // As `CrossEncoder.rank`: NaN is no score, and equal ones stay in the order given.
    const order = (score: number) => (Number.isNaN(score) ? -Infinity : score);
    const results = scores
      .map((score, index) => ({ index, relevance_score: score }))
      .sort((a, b) => order(b.relevance_score) - order(a.relevance_score) || a.index - b.index)
      .slice(0, top)
      .map((result) => (isReturned ? { ...result, document: { text: documents[result.index]! } } : result));
    return { id: `rerank-${crypto.randomUUID()}`, model: found.name, results };
  }

  private async classify(fields: Fields, request: Answering): Promise<Answered> {
    const { model, input, texts } = reading("input", () => readOptions("classify", fields, classifyFields));
    if ((input === undefined) === (texts === undefined))
      throw new ApiError(400, "invalid_value", "give the texts as one of input and texts", "input");
    const given = (input ?? texts)!;
    this.checkTexts(input === undefined ? "texts" : "input", given);
    const { model: classifier, name } = this.names.find(["classify"], model);
    const rows = await this.run(
      this.queues.of(classifier.encoder),
      {
        count: given.length,
        tokensOf: (i) => classifier.tokenizer.encodeSteps(given[i]!),
        adapter: classifier.modelAdapter,
        finish: this.queues.logits(classifier),
        skip: 0,
      },
      request,
    );
    const answer = answerOf(classifier as TextClassifier);
    const predictions = rows.map((row, i) => {
      const { text: _, ...rest } = answer(given[i]!, row, i);
      return rest;
    });
    return { model: name, predictions };
  }

  /** Scores of a query and each document, as `CrossEncoder.predict` gives them. */
  private async pairScores(
    cross: CrossEncoder<number | number[]>,
    query: string,
    documents: readonly string[],
    request: Answering,
  ): Promise<number[]> {
    const { length } = cross.labels;
    if (length > 1)
      throw new ApiError(400, "unsupported", `one score orders texts, and this model has ${length} labels`, "model");
    const { texts, finish } = this.queues.ofPairs(cross);
    const tokensOf = (i: number) => cross.tokenizer.encodeSteps(query, documents[i]!);
    const asked = { count: documents.length, tokensOf, adapter: cross.modelAdapter, finish, skip: 0 };
    const rows = await this.run(texts, asked, request);
    return rows.map((row) => scoresOf(cross.activation, row) as number);
  }

  /** Cosines of a query's vector and each document's, with the model's prompts for both. */
  private async similarities(
    encoder: SentenceEncoder,
    adapter: string | null,
    query: string,
    documents: readonly string[],
    request: Answering,
  ): Promise<number[]> {
    const encode = (texts: readonly string[], promptName: string) =>
      this.vectors(encoder, adapter, texts, { normalize: true, promptName }, request);
    const [[asked], rows] = await Promise.all([encode([query], "query"), encode(documents, "document")]);
    return rows.map((row) => row.reduce((sum, x, i) => sum + x * asked![i]!, 0));
  }

  /** Vectors as `SentenceEncoder.encode` gives them. */
  private async vectors(
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

  private async run<T extends { readonly length: number }>(
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

  private checkTexts(field: string, texts: readonly Input[]): void {
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

  private checkLength(field: string, text: string, place?: number): void {
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

/** Throws `ApiError` for a maximum of a document's tokens that would shorten documents: only the model's own does. */
function checkDocumentTokens({ tokenizer }: SentenceEncoder, most: number | undefined): void {
  if (most === undefined || most >= tokenizer.maxTokens) return;
  const message = `max_tokens_per_doc is at least the model's maximum, ${tokenizer.maxTokens} tokens, got ${most}`;
  throw new ApiError(400, "unsupported", message, "max_tokens_per_doc");
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
