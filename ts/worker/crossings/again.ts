import { type MadeKind, madeFrom } from "../../io/made-from.js";
import type { Crossing } from "../protocol/scope.js";
import { either } from "./crossing.js";

/** A value that the other side recreates from data, so that its bytes stay there. */
export const again = (kind: MadeKind): Crossing => ({
  pack: (value) => madeFrom(kind, value)?.from,
  unpack: (wire, scope) => scope.side.objects.again(kind, wire),
});

/** Such values in this way; others by `otherwise`. */
export const againOr = (
  kind: MadeKind,
  otherwise: Crossing,
  fits: (from: unknown, value: unknown) => boolean = () => true,
): Crossing =>
  either(
    (value) => {
      const made = madeFrom(kind, value);
      return made !== null && fits(made.from, value);
    },
    again(kind),
    otherwise,
  );
