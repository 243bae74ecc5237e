import { readOptions } from "../../../arguments/options.js";
import { unexpected } from "../../../arguments/settings.js";
import type { CalledLanguageModel } from "../../../models/language/load-language-model.js";
import type { Prompt } from "../../../models/language/generate-options.js";
import type { GeneratedToken } from "../../../models/language/sequence.js";
import { reading } from "../api-error.js";
import { type AnswerForm, GenerationAnswer, type TextOf, type WrittenToken } from "../generation-answer.js";
import { generationFields, maxTokens, topLogprobs, unread, unsupported } from "../generation-fields.js";
import { asked, type AskedGeneration, type GenerationEndpoint, type GenerationLimits } from "../generation-request.js";
import { type Body, field, present } from "./endpoint.js";
import { any, answer, finish, integer, list, nullable, ofChoice, ofChoices, string, usage } from "./json-schema.js";

const COMPLETIONS = "completions";
/** OpenAI's default of `max_tokens` in completions. */
const FEW_TOKENS = 16;

const ids = list(integer(0), { minItems: 1 });

const fields = {
  ...generationFields,
  prompt: field(unread, any(string, ids, list(any(string, ids), { minItems: 1 }))),
  max_tokens: field(maxTokens, { ...integer(1), default: FEW_TOKENS }),
  logprobs: topLogprobs,
  best_of: unsupported(1),
  echo: unsupported(false),
  suffix: unsupported(""),
};

/** Checks the body of a completion. */
function ask(model: CalledLanguageModel, body: Body, limits: GenerationLimits): AskedGeneration {
  return reading("prompt", () => {
    const taken = readOptions(COMPLETIONS, present(body), fields);
    const most = taken.max_tokens ?? Math.min(FEW_TOKENS, limits.maxTokens);
    const tokens = { most, limit: "max_tokens", top: taken.logprobs ?? null };
    return asked(model, COMPLETIONS, "prompt", promptsOf(taken.prompt), { ...taken, ...limits, ...tokens });
  });
}

/** One prompt or a list of them: texts, or lists of token ids. */
function promptsOf(given: unknown): Prompt[] {
  const isIds = (value: unknown): value is number[] =>
    Array.isArray(value) && value.length > 0 && value.every((id) => Number.isSafeInteger(id));
  if (typeof given === "string" || isIds(given)) return [given];
  if (Array.isArray(given) && given.length > 0 && given.every((one) => typeof one === "string" || isIds(one)))
    return given;
  throw unexpected(COMPLETIONS, "prompt", "a text, a list of token ids, or a list of either", given);
}

/** Log probabilities in the form of completions. @param offset characters of the text before these tokens */
function completionLogprobs(tokens: readonly GeneratedToken[], textOf: TextOf, offset: number): object {
  let at = offset;
  return {
    tokens: tokens.map(({ id }) => nameOf(textOf(id))),
    token_logprobs: tokens.map(({ logProbability }) => logProbability),
    top_logprobs: tokens.map(({ top = [] }) =>
      Object.fromEntries(top.map(({ id, logProbability }) => [nameOf(textOf(id)), logProbability])),
    ),
    text_offset: tokens.map(({ text }) => (at += text.length) - text.length),
  };
}

/** Names are unique: parts of characters are written as bytes, in OpenAI's form. */
function nameOf({ text, bytes }: WrittenToken): string {
  if (bytes === null || !text.includes("�")) return text;
  return `bytes:${bytes.map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}`;
}

const form: AnswerForm = {
  prefix: "cmpl-",
  object: "text_completion",
  event: "text_completion",
  logprobs: completionLogprobs,
  choice: (text, finish) => ({ text, finish_reason: finish }),
  first: null,
  piece: (text, finish) => ({ text, finish_reason: finish }),
};

/** `POST /v1/completions`: the continuation of a text. */
export const completions: GenerationEndpoint = {
  summary: "The continuation of a text",
  fields,
  required: ["model", "prompt"],
  schemas: {
    ...usage,
    Completion: answer({
      ...ofChoices,
      object: { const: "text_completion" },
      choices: list(answer({ ...ofChoice, text: string, finish_reason: nullable(finish) })),
    }),
  },
  answer: "Completion",
  event: "Completion",
  ask,
  prompt: "prompt",
  begin: (one, texts) => new GenerationAnswer(form, one, texts),
};
