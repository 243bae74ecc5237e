import { ModelError, UnsupportedError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { isJsonObject } from "../../io/json.js";
import { architectureOf, type ModelSource, readJson } from "../../io/model-source.js";
import { LABELS_FILE } from "./labels-file.js";

// Checkpoints of transformers' AutoModelForSequenceClassification: an encoder with a head, whose classes config.json names.

/** The classes in a checkpoint's config.json. */
export interface Checkpoint {
  readonly source: ModelSource;
  /** Names by number; null if the file has none. */
  readonly labels: readonly string[] | null;
  /** Whether a text has any number of them, as problem_type says. */
  readonly multiLabel: boolean;
}

/**
 * A checkpoint, or null if the source is not a model with a head. Throws `UnsupportedError` for other heads: for tokens, spans, or numbers.
 */
export async function checkpointOf(source: ModelSource): Promise<Checkpoint | null> {
  const labels = await source.open(LABELS_FILE);
  await labels?.close?.();
  if (labels !== null) return null;
  const json = await readJson(source, "config.json");
  const kind = json === null ? null : kindOfHead(json);
  if (json === null || kind === null || /^For(MaskedLM|PreTraining)$/.test(kind)) return null;
  const name = architectureOf(json);
  const unsupported = (what: string, value: unknown) =>
    new UnsupportedError(
      `model ${clip(source.name)}: config.json: ${what} ${excerpt(value)} is not supported; supported are checkpoints that classify texts`,
      { model: source.name, value },
    );
  if (kind === "ForTokenClassification")
    throw new UnsupportedError(
      `model ${clip(source.name)}: config.json: architectures ${excerpt(name)}: this is a token classifier; open it with TokenClassifier.open`,
      { model: source.name, value: name },
    );
  if (kind !== "ForSequenceClassification") throw unsupported("architectures", name);
  const problem = json["problem_type"] ?? null;
  const multiLabel = problem === "multi_label_classification";
  if (problem !== null && problem !== "single_label_classification" && !multiLabel)
    throw unsupported("problem_type", problem);
  return { source, multiLabel, labels: namesOf(source, json["id2label"] ?? null) };
}

/** The end of the architecture's name in config.json, such as "ForSequenceClassification", which says which head it has; null for none. */
export function kindOfHead(config: Readonly<Record<string, unknown>>): string | null {
  const name = architectureOf(config);
  return typeof name === "string" ? (/For[A-Z]\w*$/.exec(name)?.[0] ?? null) : null;
}

/** Names of the classes in id2label, by number; null for none. Throws `ModelError` if it is not names by number. */
export function namesOf(source: Pick<ModelSource, "name">, named: unknown): string[] | null {
  if (named === null) return null;
  const numbers = isJsonObject(named) ? Object.keys(named) : [];
  const names = numbers.map((_, i) => (named as Record<string, unknown>)[String(i)]);
  if (isJsonObject(named) && names.every((name) => typeof name === "string")) return names;
  throw new ModelError(
    `model ${clip(source.name)}: config.json: id2label must name each class by its number from 0, got ${excerpt(named)}`,
    { model: source.name, value: named },
  );
}

/** A name for each class of the head. Throws `ModelError` if the numbers differ. */
export function labelsFor({ source, labels }: Pick<Checkpoint, "source" | "labels">, classes: number): string[] {
  if (labels === null) return Array.from({ length: classes }, (_, i) => `LABEL_${i}`);
  if (labels.length === classes) return [...labels];
  throw new ModelError(
    `model ${clip(source.name)}: config.json names ${labels.length} classes in id2label, and the head has ${classes}`,
    { model: source.name, expected: classes, actual: labels.length },
  );
}
