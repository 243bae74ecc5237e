import { withOptionName } from "../../training/spec/option-names.js";
import { ModelError } from "../../errors/errors.js";
import type { TokenCounter } from "../../io/examples/summary/index.js";
import { type LocalModel, resolveModel } from "../../io/node/index.js";
import { DEFAULT_MODEL } from "../../training/spec/shared-fields.js";
import { loadTokenizer } from "../../models/sentence/load-tokenizer.js";
import { flagNames } from "../options/flag-names.js";
import type { Session } from "../session.js";
import { findModel } from "./base-model.js";

/** The tokenizer for counting: of the named model, otherwise of the default model if it is in the cache. */
export async function countingTokenizer(
  { model, ...options }: { readonly model?: string; readonly maxTokens?: number },
  session: Session,
): Promise<TokenCounter | null> {
  const maxTokens = options.maxTokens ?? null;
  const load = (from: LocalModel) =>
    loadTokenizer(from, maxTokens).catch((error: unknown) => {
      throw withOptionName(error, flagNames);
    });
  if (model !== undefined) return load(await findModel(model, session));
  try {
    return await load(await resolveModel(DEFAULT_MODEL, { offline: true }));
  } catch (error) {
    if (error instanceof ModelError && maxTokens === null) return null;
    throw error;
  }
}
