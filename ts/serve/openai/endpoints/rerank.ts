import { flag, isRecord, text, whole } from "../../../arguments/settings.js";
import { optional, or, type Read, readOptions } from "../../../arguments/options.js";
import type { SentenceEncoder } from "../../../models/sentence/sentence-encoder.js";
import { scoresOf } from "../../../tasks/cross/cross-options.js";
import type { CrossEncoder } from "../../../tasks/cross/cross-encoder.js";
import { ApiError, reading } from "../api-error.js";
import { type Answered, type Answering, listOf, type TextEndpoint, type Texts } from "../texts.js";
import { type Body, field, ignored } from "./endpoint.js";
import { any, answer, boolean, integer, list, number, ofTexts, string, textModel } from "./json-schema.js";

const isDocument = (value: unknown): value is string | { readonly text: string } =>
  typeof value === "string" || (isRecord(value) && typeof value["text"] === "string");
const severalDocuments = listOf("a list of at least one text or { text }", isDocument);
const documents: Read<readonly string[]> = (what, name, value) =>
  severalDocuments(what, name, value).map((given) => (typeof given === "string" ? given : given.text));

const least1 = optional((what: string, name: string, value: unknown) => whole(what, name, value, 1));
const inObject = { type: "object", properties: { text: string }, required: ["text"] };

const fields = {
  model: field(optional(text), textModel),
  query: field(text, string),
  documents: field(documents, list(any(string, inObject), { minItems: 1 })),
  top_n: field(least1, integer(1)),
  return_documents: field(or(false, flag), { ...boolean, default: false }),
  max_tokens_per_doc: field(least1, integer(1)),
  priority: ignored,
  user: ignored,
};

async function compute(texts: Texts, body: Body, request: Answering): Promise<Answered> {
  const asked = reading("documents", () => readOptions("rerank", body, fields));
  const { query, documents, top_n: top, return_documents: isReturned } = asked;
  texts.checkTexts("documents", documents);
  texts.checkLength("query", query);
  const found = texts.names.find(["rerank", "embed"], asked.model);
  checkDocumentTokens(found.kind === "rerank" ? found.model.encoder : found.model, asked.max_tokens_per_doc);
  const scores =
    found.kind === "rerank"
      ? await pairScores(texts, found.model, query, documents, request)
      : await similarities(texts, found.model, found.adapter, query, documents, request);
  // As `CrossEncoder.rank`: NaN is no score, and equal ones stay in the order given.
  const order = (score: number) => (Number.isNaN(score) ? -Infinity : score);
  const results = scores
    .map((score, index) => ({ index, relevance_score: score }))
    .sort((a, b) => order(b.relevance_score) - order(a.relevance_score) || a.index - b.index)
    .slice(0, top)
    .map((result) => (isReturned ? { ...result, document: { text: documents[result.index]! } } : result));
  return { id: `rerank-${crypto.randomUUID()}`, model: found.name, results };
}

/** Scores of a query and each document, as `CrossEncoder.predict` gives them. */
async function pairScores(
  waiting: Texts,
  cross: CrossEncoder<number | number[]>,
  query: string,
  documents: readonly string[],
  request: Answering,
): Promise<number[]> {
  const { length } = cross.labels;
  if (length > 1)
    throw new ApiError(400, "unsupported", `one score orders texts, and this model has ${length} labels`, "model");
  const { texts, finish } = waiting.queues.ofPairs(cross);
  const tokensOf = (i: number) => cross.tokenizer.encodeSteps(query, documents[i]!);
  const asked = { count: documents.length, tokensOf, adapter: cross.modelAdapter, finish, skip: 0 };
  const rows = await waiting.run(texts, asked, request);
  return rows.map((row) => scoresOf(cross.activation, row) as number);
}

/** Cosines of a query's vector and each document's, with the model's prompts for both. */
async function similarities(
  texts: Texts,
  encoder: SentenceEncoder,
  adapter: string | null,
  query: string,
  documents: readonly string[],
  request: Answering,
): Promise<number[]> {
  const encode = (some: readonly string[], promptName: string) =>
    texts.vectors(encoder, adapter, some, { normalize: true, promptName }, request);
  const [[asked], rows] = await Promise.all([encode([query], "query"), encode(documents, "document")]);
  return rows.map((row) => row.reduce((sum, x, i) => sum + x * asked![i]!, 0));
}

/** Throws `ApiError` for a maximum of a document's tokens that would shorten documents: only the model's own does. */
function checkDocumentTokens({ tokenizer }: SentenceEncoder, most: number | undefined): void {
  if (most === undefined || most >= tokenizer.maxTokens) return;
  const message = `max_tokens_per_doc is at least the model's maximum, ${tokenizer.maxTokens} tokens, got ${most}`;
  throw new ApiError(400, "unsupported", message, "max_tokens_per_doc");
}

/** `POST /v1/rerank`: texts ordered for a query, by a cross-encoder or a sentence encoder. */
export const rerank: TextEndpoint = {
  summary: "Texts by their relevance to a query",
  fields,
  required: ["query", "documents"],
  schemas: {
    Reranking: answer({
      object: { const: "list" },
      id: string,
      ...ofTexts,
      results: list(answer({ index: integer(0), relevance_score: number })),
    }),
  },
  answer: "Reranking",
  compute,
};
