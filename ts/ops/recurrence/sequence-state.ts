import { ConfigError } from "../../errors/errors.js";
import type { Pointer } from "../op.js";
import { checkOffsets } from "../shape/offsets.js";

/** What a sequence keeps between calls of a recurrent op. */
export interface SequenceState {
  /** State before this call; null for zeros. */
  readonly before: Pointer | null;
  /** Where the state before the next call is written; may be `before`. If it is not, a call can be undone. */
  readonly after: Pointer;
}

type States = readonly SequenceState[] | undefined;

/** Throws `ConfigError` unless `offsets` cut the tokens into sequences, each with a state if there are any. */
export function checkSequences(what: string, offsets: Int32Array, tokens: number, states: States): void {
  checkOffsets(what, offsets, tokens);
  if (states !== undefined && states.length !== offsets.length - 1)
    throw new ConfigError(`${what}: ${states.length} states for ${offsets.length - 1} sequences`, { op: what });
}

/** Throws `ConfigError` for a gradient with states: what went before a call is not on the tape. */
export function refuseStates(what: string, states: States): void {
  if (states) throw new ConfigError(`${what}: what goes through a state has no gradient`, { op: what });
}
