import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { TagScheme } from "../../train/metrics/tag-scheme.js";

const isClass = (index: number | undefined) => index !== undefined;

/** Classes by their labels. */
export class LabelIndex {
  private readonly byName: ReadonlyMap<string, number>;
  private readonly scheme: TagScheme;

  constructor(private readonly labels: readonly string[]) {
    this.byName = new Map(labels.map((label, i) => [label, i]));
    this.scheme = new TagScheme(labels);
  }

  /** Class of a label of example number `i`. Throws `ConfigError` for an unknown label. */
  of(label: string, i: number): number {
    const index = this.byName.get(label);
    if (index !== undefined) return index;
    throw new ConfigError(`example ${i}: label ${excerpt(label)} is not one of ${excerpt(this.labels)}`, {
      label,
      place: i,
    });
  }

  /**
   * Class of word number `w` of an entity's `count` words: its label with "B-" or "I-" if the classifier has those, otherwise the label
   * itself. The last word has "E-" or "L-", a single word "S-" or "U-", if the classifier has those. Throws `ConfigError` if it has none of
   * them.
   */
  entity(label: string, i: number): (w: number, count: number) => number {
    const [first, rest, plain] = [`B-${label}`, `I-${label}`, label].map((name) => this.byName.get(name));
    const [last, alone] = ["EL", "SU"].map((places) =>
      this.scheme.marksEnds
        ? [...places].map((place) => this.byName.get(`${place}-${label}`)).find(isClass)
        : undefined,
    );
    const inside = rest ?? plain ?? (last === undefined ? undefined : first);
    const begin = first ?? inside;
    if (begin !== undefined && inside !== undefined)
      return (w, count) => (count === 1 ? alone : w === count - 1 ? last : undefined) ?? (w === 0 ? begin : inside);
    throw new ConfigError(
      `example ${i}: for the entity ${excerpt(label)} the classifier needs the labels ${excerpt([`B-${label}`, `I-${label}`])}; it has ${excerpt(this.labels)}`,
      { label, place: i },
    );
  }
}
