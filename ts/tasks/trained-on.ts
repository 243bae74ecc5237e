import { AdapterError, FormatError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import type { SentenceEncoder } from "../models/sentence/sentence-encoder.js";
import type { TextTokenizer } from "../tokenize/text-tokenizer.js";
import { LABELS_FILE, type LabelsFile } from "./labels-file.js";

/**
 * How texts become tokens for a classifier on this encoder: as they did where it was trained. Throws `FormatError` for what
 * the encoder cannot do, `AdapterError` where it is another one than the classifier was trained on.
 *
 * @param allowOtherBase take any weights that adapter and head fit
 */
export function tokenizerFor(encoder: SentenceEncoder, labels: LabelsFile, allowOtherBase: boolean): TextTokenizer {
  const { pooling, maxTokens, lowercase } = labels;
  if (pooling !== null && pooling !== String(encoder.pooling))
    throw new FormatError(
      `${LABELS_FILE}: the classifier was trained on vectors of pooling ${excerpt(pooling)}, and this encoder's are of ` +
        `"${encoder.pooling}": load the encoder with that \`pooling\``,
      { pooling },
    );
  const { maxPositions } = encoder.model.config;
  if (maxTokens !== null && maxTokens > maxPositions)
    throw new FormatError(
      `${LABELS_FILE}: the classifier takes texts of up to ${maxTokens} tokens, and this encoder has positions for ${maxPositions}`,
      { file: LABELS_FILE, option: "maxTokens", value: maxTokens, expected: maxPositions },
    );
  checkMerged(encoder, labels);
  if (!allowOtherBase) checkBase(encoder, labels);
  const { tokenizer, formerMaxTokens } = encoder;
  return tokenizer.with(maxTokens ?? formerMaxTokens, lowercase ?? tokenizer.lowercase);
}

/** A head without an adapter is for weights that hold it. */
function checkMerged({ name, mergedModel }: SentenceEncoder, { merged }: LabelsFile): void {
  if (merged === null || mergedModel?.adapters.some(({ fingerprint }) => fingerprint === merged)) return;
  throw new AdapterError(
    `${LABELS_FILE}: the head is for a model with its adapter merged in, and the weights of ${clip(name)} do not hold that ` +
      "adapter: load the model that the head stands beside, or the run that was merged",
    { model: name, name: merged, reason: "not merged" },
  );
}

/** Throws `AdapterError` where an encoder is another one than the classifier was trained on. */
export function checkBase({ name, fingerprint, weightsFingerprint }: SentenceEncoder, { base }: LabelsFile): void {
  if (base === null || base.fingerprint === fingerprint || base.fingerprint === weightsFingerprint) return;
  throw new AdapterError(
    `${LABELS_FILE}: the classifier was trained on ${clip(base.name)}, and the weights or the tokenizer of ${clip(name)} are others: load the ` +
      "encoder that it was trained on, or insist with `allowOtherBase` (`--allow-other-base`)",
    { model: name, expected: base.fingerprint, actual: fingerprint },
  );
}
