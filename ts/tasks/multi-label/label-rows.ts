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
