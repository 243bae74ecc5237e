/** The parts of a label. */
interface LabelParts {
  /** Whether it always begins an entity. */
  readonly begins: boolean;
  /** Whether it always ends an entity. */
  readonly ends: boolean;
  /** The label without its prefix; a label without one is its own name and continues an entity. */
  readonly name: string;
}

const FIRST = /^[BSU]-/;
const LAST = /^[ESLU]-/;

/**
 * Prefixes of entity labels: "B-" begins an entity and "I-" continues it. If some name of those also has another prefix, "E-" and "L-" end
 * an entity and "S-" and "U-" are single words (IOBES and BILOU). Otherwise "E-" and the like are part of a label's name.
 */
export class TagScheme {
  /** Whether labels mark where entities end. */
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
