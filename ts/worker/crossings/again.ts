import { type MadeKind, madeFrom } from "../../io/made-from.js";
import { type Crossing, either } from "./crossing.js";

/** What the other side makes again from data, so that its bytes stay there. */
export const again = (kind: MadeKind): Crossing => ({
  pack: (value) => madeFrom(kind, value)?.from,
  unpack: (wire, scope) => scope.side.objects.again(kind, wire),
});

/** Such objects so; any other value by `otherwise`. */
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
