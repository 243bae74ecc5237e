/**
 * An automaton on bytes with calls: from a state, some bytes lead to another (`moves`), others are reached without a byte (`free`), or after
 * a text of a rule (`calls`), or of a rule several times (`repeats`). A rule's text may end in a state that `ends`.
 */
export interface Program {
  readonly states: readonly State[];
  readonly repeats: readonly Repeat[];
  readonly start: number;
}

/** A state. */
export interface State {
  readonly moves: Move[];
  readonly free: number[];
  readonly calls: Call[];
  /** Indices of `repeats`. */
  readonly repeats: number[];
  ends: boolean;
}

/** Bytes from `first` to `last` lead to `target`. */
interface Move {
  readonly first: number;
  readonly last: number;
  readonly target: number;
}

/** A text of the rule that begins at `start` leads to `after`. */
interface Call {
  readonly start: number;
  readonly after: number;
}

/** `least` to `most` texts of the rule that begins at `start` lead to `after`. */
export interface Repeat extends Call {
  readonly least: number;
  readonly most: number;
  /** Whether one text of the rule may be empty. */
  mayBeEmpty: boolean;
}

/** Whether a state only ends its rule: a call that returns there needs no return. */
export const onlyEnds = ({ ends, moves, free, calls, repeats }: State): boolean =>
  ends && moves.length + free.length + calls.length + repeats.length === 0;
