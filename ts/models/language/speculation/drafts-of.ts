import { assertModel } from "../../../adapters/adapted-model.js";
import { ConfigError, UnsupportedError } from "../../../errors/errors.js";
import { keepsState } from "../../decoder/config.js";
import type { CalledLanguageModel } from "../called-language-model.js";
import type { TakenGenerateOptions } from "../generate-options.js";
import { taken } from "../token-streams.js";
import type { AssistantCall } from "./speculation.js";

type DraftedTokens = Pick<TakenGenerateOptions, "promptLookupNumTokens" | "numAssistantTokens">;

/** Text whose tokens two models must agree on. */
const SAMPLE = "Two models draft and check: 3.5 naïve words, “quoted”, 東京.\n\tEnd";

/**
 * The draft model of a call; null for none. Throws `ConfigError` for a draft model with other tokens or beside prompt lookup, and for a number
 * of its tokens without one, `UnsupportedError` for models that cannot go back to an earlier token.
 */
export function draftsOf(
  model: Pick<CalledLanguageModel, "model" | "tokenizer">,
  what: string,
  assistant: CalledLanguageModel | undefined,
  { promptLookupNumTokens: promptLookup, numAssistantTokens }: DraftedTokens,
): AssistantCall | null {
  if (assistant !== undefined && promptLookup !== undefined)
    throw new ConfigError(`${what}: assistantModel and promptLookupNumTokens both draft tokens: give one of them`, {
      op: what,
      option: "promptLookupNumTokens",
    });
  if (assistant === undefined && numAssistantTokens !== undefined)
    throw new ConfigError(`${what}: numAssistantTokens is of assistantModel, which is missing: give both, or neither`, {
      op: what,
      option: "numAssistantTokens",
      value: numAssistantTokens,
    });
  if (promptLookup !== undefined) checkGoesBack(what, "promptLookupNumTokens", model);
  if (assistant === undefined) return null;
  assertModel(what, assistant.graph, "language model");
  for (const one of [model, assistant]) checkGoesBack(what, "assistantModel", one);
  checkTokens(what, model, assistant);
  const { adapters, begin } = taken(assistant.adapterSet, undefined);
  return { model: assistant, adapters, begin };
}

function checkGoesBack(what: string, option: string, { model }: Pick<CalledLanguageModel, "model">): void {
  if (!keepsState(model.config)) return;
  throw new UnsupportedError(
    `${what}: ${option}: a model whose layers keep the state after the last token alone cannot go back from a wrong draft: leave it out`,
    { op: what, option },
  );
}

function checkTokens(
  what: string,
  model: Pick<CalledLanguageModel, "model" | "tokenizer">,
  assistant: Pick<CalledLanguageModel, "model" | "tokenizer">,
): void {
  const sizes = [model, assistant].map((one) => one.model.config.vocabularySize);
  const [ids, others] = [model, assistant].map(({ tokenizer }) => tokenizer?.encodeBare(SAMPLE).join());
  if (sizes[0] === sizes[1] && (ids === others || ids === undefined || others === undefined)) return;
  throw new ConfigError(
    `${what}: assistantModel has other tokens (a vocabulary of ${sizes[1]}, the model has ${sizes[0]}): ` +
      "a draft model is a smaller one of the same family, with the same tokenizer.json",
    { op: what, option: "assistantModel", expected: sizes[0], value: sizes[1] },
  );
}
