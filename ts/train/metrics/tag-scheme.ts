/** A label taken apart. */
interface LabelParts {
  /** Whether an entity begins with it, whatever is before it. */
  readonly begins: boolean;
  /** Whether an entity ends with it, whatever follows. */
  readonly ends: boolean;
  /** The label without its place; one that has no place is its own name and goes on. */
  readonly name: string;
}

const FIRST = /^[BSU]-/;
const LAST = /^[ESLU]-/;

/**
 * How labels say where entities are: "B-" begins one and "I-" goes on; where some label has another place too for a name of those, "E-" and
 * "L-" end one and "S-" and "U-" are one of a single word (IOBES and BILOU). Elsewhere "E-" and the like belong to a label's name.
 */
export class TagScheme {
  /** Whether labels say where entities end. */
  readonly marksEnds: boolean;

  constructor(labels: Iterable<string>) {
    const known = new Set(labels);
    const goesOn = (label: string) => ["B-", "I-"].some((place) => known.has(place + label.slice(2)));
    this.marksEnds = [...known].some((label) => LAST.test(label) && goesOn(label));
  }

  parts(label: string): LabelParts {
    const place = (this.marksEnds ? /^[BIESLU]-/ : /^[BI]-/).test(label);
    return {
      begins: place && FIRST.test(label),
      ends: place && LAST.test(label),
      name: place ? label.slice(2) : label,
    };
  }
}
