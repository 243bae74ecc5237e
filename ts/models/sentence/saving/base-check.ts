import { ModelError } from "../../../errors/errors.js";
import { clip } from "../../../errors/excerpt.js";
import type { ModelSource } from "../../../io/model-source.js";
import { TextTokenizer } from "../../../tokenize/text-tokenizer.js";
import { throwIfAborted } from "../../../waiting/abort.js";
import { readPlan } from "../../architectures.js";
import { openWeights } from "../../tensor-files.js";
import { fingerprintOf, withLayers } from "../../weights-read.js";
import { densePrints } from "../dense.js";
import { readSentenceLayout } from "../layout.js";
import type { SavedEncoder } from "./saved-state.js";

/**
 * Throws `ModelError` if a model's weights, layers or tokenizer are not those that it was loaded with: an adapter was trained on those, and
 * a whole model is written from the files as they are now.
 */
export async function checkBaseUnchanged(
  { fingerprint, tokenizer, signal }: Pick<SavedEncoder, "fingerprint" | "tokenizer" | "signal">,
  source: ModelSource,
): Promise<void> {
  const { plan } = await readPlan(source);
  const { pooling, lowercase, tokenizerConfig } = await readSentenceLayout(source);
  const { vocabularySize } = plan.config;
  const own = await TextTokenizer.load(source, tokenizer.maxTokens, vocabularySize, lowercase, tokenizerConfig);
  throwIfAborted(signal);
  const file = await openWeights(source);
  let weights: string;
  try {
    weights = await fingerprintOf(file, plan, own);
  } finally {
    await file.close();
  }
  throwIfAborted(signal);
  const found = withLayers(weights, await densePrints(source, pooling.dense));
  if (found === fingerprint) return;
  throw new ModelError(
    `save: the weights or the tokenizer of ${clip(source.name)} changed since the model was loaded: load it again, or restore its files`,
    { op: "save", model: source.name, expected: fingerprint, actual: found },
  );
}
