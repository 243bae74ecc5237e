import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";

/** Classes by their labels. */
export class LabelIndex {
  private readonly byName: ReadonlyMap<string, number>;

  constructor(private readonly labels: readonly string[]) {
    this.byName = new Map(labels.map((label, i) => [label, i]));
  }

  /** Class of a label of example number `i`. Throws `ConfigError` where there is none. */
  of(label: string, i: number): number {
    const index = this.byName.get(label);
    if (index !== undefined) return index;
    throw new ConfigError(`example ${i}: label ${excerpt(label)} is not one of ${excerpt(this.labels)}`, {
      ...{ label, place: i },
    });
  }

  /**
   * Classes of an entity's first word and of its others: "B-" and "I-" before its label, as far as the classifier has them, else the label
   * itself. Throws `ConfigError` where there is neither.
   */
  entity(label: string, i: number): { readonly begin: number; readonly inside: number } {
    const [first, rest, plain] = [`B-${label}`, `I-${label}`, label].map((name) => this.byName.get(name));
    const inside = rest ?? plain;
    const begin = first ?? inside;
    if (begin !== undefined && inside !== undefined) return { begin, inside };
    throw new ConfigError(
      `example ${i}: for the entity ${excerpt(label)} the classifier needs the labels ${excerpt([`B-${label}`, `I-${label}`])}; it has ${excerpt(this.labels)}`,
      { label, place: i },
    );
  }
}
