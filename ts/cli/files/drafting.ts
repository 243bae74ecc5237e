import type { Command } from "commander";
import type { GenerateOptions } from "../../models/language/generate-options.js";
import { whole } from "../options/option-values.js";
import type { Session } from "../session.js";
import { type ModelOptions, openLanguageModel } from "./language-model.js";

/** Options of speculative decoding. */
export interface DraftOptions {
  readonly promptLookup?: number;
  readonly assistantModel?: string;
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
    );
}

/** How a command drafts. */
export interface Drafts extends Disposable {
  readonly options: Pick<GenerateOptions, "promptLookupNumTokens" | "assistantModel">;
}

/** Loads the draft model, if there is one. */
export async function openDrafts(options: ModelOptions & DraftOptions, session: Session): Promise<Drafts> {
  const { promptLookup, assistantModel: name } = options;
  const assistantModel =
    name === undefined ? undefined : await openLanguageModel({ ...options, model: name, adapter: [] }, session);
  return {
    options: { promptLookupNumTokens: promptLookup, assistantModel },
    [Symbol.dispose]: () => assistantModel?.dispose(),
  };
}
