import { isRecord, unexpected } from "../../arguments/settings.js";
import type { ChatMessage, ToolOptions } from "../../models/language/tools/tool-options.js";
import type { GenerationRequest } from "../../models/language/generate.js";
import type { Prompt } from "../../models/language/generate-options.js";
import type { CalledLanguageModel } from "../../models/language/load-language-model.js";
import { isChat } from "../../models/language/chat-template.js";
import { readPrompt, takeRequest } from "../../models/language/prompts.js";
import { requestSeed } from "../request-seed.js";
import type { RunningText } from "../../models/language/batch/continuous-batch.js";
import { ApiError } from "./api-error.js";
import type { Body, Endpoint } from "./endpoints/endpoint.js";
import type { AnswerAsked, GeneratedAnswer } from "./generation-answer.js";
import { answerFormat, type generationFields, USUAL_TOKENS } from "./generation-fields.js";

/** A checked request, apart from its adapter. */
export interface AskedGeneration {
  /** The name of the base or of an adapter. */
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** Choices of each prompt. */
  readonly n: number;
  /** Choices of all prompts. */
  readonly count: number;
  readonly promptTokens: number;
  /** Whether log probabilities are part of the answer. */
  readonly logprobs: boolean;
  /** Fields of the request that are part of its answer. */
  readonly echo?: object;
  /** The choices of the first prompt, of the second, and so on. */
  readonly requests: (adapter: string | null) => GenerationRequest[];
}

/** A server's limits of a request. */
export interface GenerationLimits {
  /** Maximum number of new tokens. */
  readonly maxTokens: number;
  /** Maximum number of choices of all prompts. */
  readonly maxAnswers: number;
  /** Maximum number of messages of a conversation. */
  readonly maxMessages: number;
  /** Maximum number of characters of a prompt, in UTF-16 units: its text, or all texts of its messages and of the functions beside them. */
  readonly maxCharacters: number;
}

/** An endpoint that generates. */
export interface GenerationEndpoint extends Endpoint {
  /** Checks a body. */
  readonly ask: (model: CalledLanguageModel, body: Body, limits: GenerationLimits) => AskedGeneration;
  /** The field that prompts come from. */
  readonly prompt: string;
  readonly begin: (asked: AnswerAsked, texts: readonly RunningText[]) => GeneratedAnswer;
  /** Names of fields in errors, where they are others than those of chat completions. */
  readonly renamed?: (words: string) => string;
}

const CHAT = "chat completions";

/** The messages of a chat. Templates know the role "developer" by its earlier name. */
export function conversation(messages: unknown): Prompt {
  if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isRecord))
    throw unexpected(CHAT, "messages", "a list of { role, content } with at least one", messages);
  const given: readonly object[] = messages.map((message) =>
    message["role"] === "developer" ? { ...message, role: "system" } : message,
  );
  return given as readonly ChatMessage[];
}

type Taken = {
  [Name in keyof typeof generationFields]: ReturnType<(typeof generationFields)[Name]>;
} & GenerationLimits & {
    readonly most: number | undefined;
    readonly limit: string;
    /** Number of alternatives beside each token; null for no log probabilities. */
    readonly top: number | null;
    readonly schema?: Readonly<Record<string, unknown>> | undefined;
  } & ToolOptions;

/** A request with checked fields and its prompts. @param field the name of the field with the prompts */
export function asked(
  model: CalledLanguageModel,
  what: string,
  field: string,
  prompts: readonly Prompt[],
  taken: Taken,
): AskedGeneration {
  const { n, most, limit, maxTokens, maxAnswers, tools, toolChoice, parallelToolCalls } = taken;
  const count = prompts.length * n;
  // Before the prompts are read: a small body can name very many.
  if (count > maxAnswers) {
    const message = `a request has at most ${maxAnswers} answers here, got ${prompts.length} prompts with n ${n}`;
    throw new ApiError(400, "invalid_value", message, prompts.length > maxAnswers ? field : "n");
  }
  if (most !== undefined && most > maxTokens)
    throw new ApiError(400, "invalid_value", `${limit} is at most ${maxTokens} here, got ${most}`, limit);
  for (const prompt of prompts) checkLength(field, prompt, tools, taken);
  const read = prompts.map((prompt) => {
    const given = readPrompt(model, what, prompt, { tools, toolChoice, parallelToolCalls });
    const { ids } = given;
    const room = model.maxTokens - ids.length;
    if (ids.length > 0 && room >= (most ?? 1))
      return { given, maxTokens: most ?? Math.min(room, maxTokens, USUAL_TOKENS) };
    const message =
      ids.length === 0
        ? "the prompt has no token"
        : `this model has ${model.maxTokens} positions: ${ids.length} tokens of ${field} and ${most ?? 1} new ones do not fit`;
    throw new ApiError(400, ids.length === 0 ? "invalid_value" : "context_length_exceeded", message, field);
  });
  const seed = requestSeed(taken.seed);
  const options = {
    temperature: taken.temperature,
    topK: taken.top_k,
    topP: taken.top_p,
    minP: taken.min_p,
    repetitionPenalty: taken.repetition_penalty,
    stop: taken.stop,
    presencePenalty: taken.presence_penalty,
    frequencyPenalty: taken.frequency_penalty,
    logProbabilities: taken.top !== null,
    topLogProbabilities: taken.top ?? 0,
    ...answerFormat(what, taken.schema, taken.structured_outputs),
  };
  const requests = (adapter: string | null) => {
    // One copy for all choices: there may be as many biases as the model has tokens.
    let biases: GenerationRequest["options"]["logitBias"] | null = null;
    return read.flatMap(({ given, maxTokens }) =>
      Array.from({ length: n }, (_, i) => {
        const logitBias = biases === null ? taken.logit_bias : undefined;
        const own = { ...options, logitBias, maxTokens, adapter, seed: laterSeed(seed, i) };
        const request = takeRequest(model, what, given, own);
        biases ??= request.options.logitBias;
        return { ...request, options: { ...request.options, logitBias: biases } };
      }),
    );
  };
  const promptTokens = read.reduce((sum, { given }) => sum + given.ids.length, 0);
  const { model: name, stream, stream_options: includeUsage, top } = taken;
  return { model: name, stream, includeUsage, n, count, promptTokens, logprobs: top !== null, requests };
}

/** Throws `ApiError` for a prompt that is too long for this server, before a template writes it: that takes a tenth of a millisecond a message. */
function checkLength(
  field: string,
  prompt: Prompt,
  tools: unknown,
  { maxMessages, maxCharacters }: Pick<GenerationLimits, "maxMessages" | "maxCharacters">,
): void {
  const refuse = (most: string, found: number) =>
    new ApiError(400, "invalid_value", `a prompt has at most ${most} here, and this one has ${found}`, field);
  if (isChat(prompt) && prompt.length > maxMessages) throw refuse(`maxTexts, ${maxMessages}, messages`, prompt.length);
  const characters = typeof prompt !== "string" && !isChat(prompt) ? 0 : charactersIn([prompt, tools]);
  if (characters > maxCharacters) throw refuse(`maxCharacters, ${maxCharacters}`, characters);
}

/** Characters of all texts in a value as JSON has it, without the names of fields. */
function charactersIn(value: unknown): number {
  let characters = 0;
  // Not by recursion: a body may nest as deep as it is long.
  const open = [value];
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one === "string") characters += one.length;
    else if (typeof one === "object" && one !== null) for (const inner of Object.values(one)) open.push(inner);
  }
  return characters;
}

/** The seed after `i` others; 0 follows the largest, without sums that float64 would round. */
function laterSeed(seed: number, i: number): number {
  const left = Number.MAX_SAFE_INTEGER - seed;
  return i > left ? i - left - 1 : seed + i;
}
