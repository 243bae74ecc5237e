import { AdapterError, FormatError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import type { SentenceEncoder } from "../models/sentence/sentence-encoder.js";
import type { TextTokenizer } from "../tokenize/text-tokenizer.js";
import { LABELS_FILE, type LabelsFile } from "./labels-file.js";

/**
 * How a classifier's texts are tokenized on this encoder: as in training. Throws `FormatError` for settings that the encoder does not
 * support, `AdapterError` if the classifier was trained on another encoder.
 *
 * @param allowOtherBase accept any weights that fit adapter and head
 */
export function tokenizerFor(encoder: SentenceEncoder, labels: LabelsFile, allowOtherBase: boolean): TextTokenizer {
  const { pooling, maxTokens, lowercase } = labels;
  if (pooling !== null && pooling !== String(encoder.pooling))
    throw new FormatError(
      `${LABELS_FILE}: the classifier was trained on vectors of pooling ${excerpt(pooling)}, but this encoder has pooling ` +
        `"${encoder.pooling}": load the encoder with that \`pooling\``,
      { pooling },
    );
  const { maxPositions } = encoder.model.config;
  if (maxTokens !== null && maxTokens > maxPositions)
    throw new FormatError(
      `${LABELS_FILE}: the classifier accepts texts of up to ${maxTokens} tokens, but this encoder has positions for ${maxPositions}`,
      { file: LABELS_FILE, option: "maxTokens", value: maxTokens, expected: maxPositions },
    );
  checkMerged(encoder, labels);
  if (!allowOtherBase) checkBase(encoder, labels);
  const { tokenizer, formerMaxTokens } = encoder;
  return tokenizer.with(maxTokens ?? formerMaxTokens, lowercase ?? tokenizer.lowercase);
}

/** A head without adapter files needs weights with the adapter merged in. */
function checkMerged({ name, mergedModel }: SentenceEncoder, { merged }: LabelsFile): void {
  if (merged === null || mergedModel?.adapters.some(({ fingerprint }) => fingerprint === merged)) return;
  throw new AdapterError(
    `${LABELS_FILE}: the head is for a model with its adapter merged in, but the weights of ${clip(name)} do not contain that ` +
      "adapter: load the model in the head's folder, or the run that was merged",
    { model: name, name: merged, reason: "not merged" },
  );
}

/** Throws `AdapterError` if the classifier was trained on another encoder. */
export function checkBase({ name, fingerprint, weightsFingerprint }: SentenceEncoder, { base }: LabelsFile): void {
  if (base === null || base.fingerprint === fingerprint || base.fingerprint === weightsFingerprint) return;
  throw new AdapterError(
    `${LABELS_FILE}: the classifier was trained on ${clip(base.name)}, and ${clip(name)} has other weights or another tokenizer: load the ` +
      "encoder that it was trained on, or pass `allowOtherBase` (`--allow-other-base`)",
    { model: name, expected: base.fingerprint, actual: fingerprint },
  );
}
