import type { Command } from "commander";
import { ConfigError } from "../../errors/errors.js";
import type { GenerateOptions } from "../../models/language/generate-options.js";
import { whole } from "../options/option-values.js";
import type { Session } from "../session.js";
import { type ModelOptions, openLanguageModel } from "./language-model.js";

/** Options of speculative decoding. */
export interface DraftOptions {
  readonly promptLookup?: number;
  readonly assistantModel?: string;
  readonly numAssistantTokens?: number;
}

/** Adds the options for speculative decoding. */
export function addDraftOptions(command: Command): Command {
  return command
    .option(
      "--prompt-lookup <n>",
      "draft up to n tokens from earlier text, same answer: faster where it repeats the prompt",
      whole(1, 64),
    )
    .option(
      "--assistant-model <name>",
      "a smaller model with the same tokenizer that drafts, same answer: a folder, a name or a .gguf file",
    )
    .option(
      "--num-assistant-tokens <n>",
      "most tokens that --assistant-model drafts at a time (default: 5)",
      whole(1, 64),
    );
}

/** How a command drafts. */
export interface Drafts extends Disposable {
  readonly options: Pick<GenerateOptions, "promptLookupNumTokens" | "assistantModel" | "numAssistantTokens">;
}

/** Loads the draft model, if there is one. Throws `ConfigError` for a number of its tokens without it. */
export async function openDrafts(options: ModelOptions & DraftOptions, session: Session): Promise<Drafts> {
  const { promptLookup, assistantModel: name, numAssistantTokens } = options;
  if (numAssistantTokens !== undefined && name === undefined)
    throw new ConfigError("--num-assistant-tokens is of a draft model: give --assistant-model too", {
      option: "--num-assistant-tokens",
      value: numAssistantTokens,
    });
  const assistantModel =
    name === undefined ? undefined : await openLanguageModel({ ...options, model: name, adapter: [] }, session);
  return {
    options: { promptLookupNumTokens: promptLookup, assistantModel, numAssistantTokens },
    [Symbol.dispose]: () => assistantModel?.dispose(),
  };
}
