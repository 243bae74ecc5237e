/** A set of texts. `build` adds moves from a state and returns the state at the end of the texts. */
export interface Part {
  /** About the number of states that it takes. */
  readonly size: number;
  build(to: PartTarget, from: number): number;
}

/** A named set of texts that may refer to itself. */
export interface Rule {
  readonly name: string;
  /** Its texts; called once. */
  readonly part: () => Part;
}

/** What parts are built into: a program's states, by number. */
export interface PartTarget {
  /** A new state. */
  state(): number;
  /** Bytes from `first` to `last` lead from a state to another. */
  move(from: number, first: number, last: number, target: number): void;
  /** A state is reached from another without a byte. */
  free(from: number, to: number): void;
  /** A rule's texts from a state; the state after them. */
  call(from: number, rule: Rule): number;
  /** `least` to `most` of a rule's texts from a state; the state after them. */
  repeat(from: number, rule: Rule, least: number, most: number): number;
  /** Calls `build` later, in a piece of work of its own; the states that it joins are made before. */
  defer(build: () => void): void;
}
