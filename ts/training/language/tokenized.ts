import { ConfigError } from "../../errors/errors.js";
import type { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import { takeLanguageExample, type TrainingTokens } from "../../models/language/training/training-examples.js";
import { breather } from "../../waiting/next-task.js";
import type { LanguageSettings } from "../spec/language-settings.js";
import { type LanguageFile, located } from "./read-rows.js";

/** How many tokens some examples have, and how many of them are learnt. */
export interface TokenCount {
  /** All of them. */
  readonly tokens: number;
  /** Those that are learnt, or measured. */
  readonly targets: number;
}

/** Counts them. */
export const countTokens = (examples: readonly TrainingTokens[]): TokenCount => ({
  tokens: examples.reduce((sum, { ids }) => sum + ids.length, 0),
  targets: examples.reduce((sum, { targets }) => sum + targets.length, 0),
});

/**
 * The tokens of a file's examples. Others have their turn in between. Throws `ConfigError` that names the place in the file for an
 * example without a target or too long, and `AbortError`.
 */
export async function tokenized(
  { file, examples }: LanguageFile,
  model: CausalLanguageModel,
  { task, maxTokens }: Pick<LanguageSettings, "task" | "maxTokens">,
  signal: AbortSignal | undefined,
  onProgress: (done: number) => void,
): Promise<TrainingTokens[]> {
  // A text is what its row says, whatever conversations of the model look like.
  const { tokenizer, ends, model: network } = model;
  const parts = { tokenizer, ends, model: network, chatTemplate: task === "chat" ? model.chatTemplate : null };
  if (task === "chat" && model.chatTemplate === null)
    throw new ConfigError(
      `model ${model.name} has no chat template to write conversations with: put chat_template.jinja beside it, or learn texts (task "text")`,
      { task },
    );
  const breathe = breather(signal);
  const taken: TrainingTokens[] = [];
  for (const { example, line } of examples) {
    const pause = breathe();
    if (pause !== undefined) {
      onProgress(taken.length);
      await pause;
    }
    taken.push(located(file, line, () => takeLanguageExample(file, line, parts, example, maxTokens ?? undefined)));
  }
  onProgress(taken.length);
  return taken;
}
