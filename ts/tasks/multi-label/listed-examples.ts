import { listFrom } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";

/** 1 for each label that a text has, 0 for the others. */
export type LabelRow = Float32Array;

/** Rows of labels. Throws `ConfigError` for unknown labels. */
export function labelRows(labels: readonly string[], lists: readonly (readonly string[])[]): LabelRow[] {
  const places = new Map(labels.map((label, place) => [label, place]));
  return lists.map((list, i) => {
    const row = new Float32Array(labels.length);
    for (const label of list) {
      const place = places.get(label);
      if (place === undefined)
        throw new ConfigError(`example ${i}: label ${excerpt(label)} is not one of ${excerpt(labels)}`, {
          option: "labels",
          label,
          place: i,
        });
      row[place] = 1;
    }
    return row;
  });
}

/** A text with any number of labels, also none. */
export interface MultiLabelExample {
  /** The text. */
  readonly text: string;
  /** Labels, each once. */
  readonly labels: readonly string[];
}

/** What a classifier with several labels a text has besides adapter and head. */
export interface MultiLabelParts {
  /** Probability from which a text has the label, by label. */
  thresholds: readonly number[];
}

/** A threshold of 0.5 for each label. */
export const halves = (labels: readonly string[]): MultiLabelParts => ({ thresholds: labels.map(() => 0.5) });

/** A copy of some examples; `label` may be the name of the list too. Throws `ConfigError` for invalid ones. */
export function takeListed(what: string, examples: readonly MultiLabelExample[]): MultiLabelExample[] {
  return listFrom(`${what}: a list of examples is expected`, examples, (example, place) => {
    const { text, labels, label } = (example ?? {}) as { text?: unknown; labels?: unknown; label?: unknown };
    const list = (labels ?? label) as readonly unknown[] | undefined;
    if (typeof text === "string" && Array.isArray(list) && list.every((one) => typeof one === "string"))
      return { text, labels: [...list] as string[] };
    const expected = "{ text, labels } of a string and a list of strings";
    throw new ConfigError(`example ${place}: ${expected} is expected, got ${excerpt(example)}`, {
      option: "examples",
      expected,
      value: example,
      place,
    });
  });
}
