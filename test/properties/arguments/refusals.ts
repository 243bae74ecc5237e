import { AbortError, LowrankError } from "../../../ts/index.js";
import { at, objectsIn, type Place, placesIn, withAt } from "./places.js";
import { own, wrongValues } from "./wrong.js";

/** A call with right arguments, everything optional given. */
export interface Call<S = void> {
  readonly args: (scene: S) => unknown[];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests pass anything
  readonly run: (scene: S, ...args: any[]) => unknown;
}

/** What calls are made on. */
export interface Ground<S> {
  readonly make: () => S | Promise<S>;
  /** Everything that a call that throws leaves as it was. */
  readonly state: (scene: S) => string;
  readonly end: (scene: S) => void;
}

/** For calls that change nothing. */
export const bare: Ground<void> = { make: () => undefined, state: () => "", end: () => undefined };

type Spoil = (right: unknown[]) => unknown[];

/**
 * What is tried at a place: every fourth value, at the next place others, and with them getters that throw and too few arguments; or the
 * other values, which take three times as long: the files other-values try them, in Node and not in `npm test`.
 */
export type Share = "every fourth" | "others";

/** Right arguments with something wrong at one place, and too few of them. */
export function* spoilers(
  right: unknown[],
  share: Share = "every fourth",
  wrong: () => Record<string, unknown> = wrongValues,
): Generator<[what: string, spoil: Spoil]> {
  const show = (place: Place) => place.join(".");
  for (const [i, place] of placesIn(right).entries()) {
    for (const [j, [what, value]] of Object.entries(wrong()).entries()) {
      if (((i + j) % 4 === 0) !== (share === "every fourth")) continue;
      yield [`${what} at ${show(place)}`, (all) => withAt(all, place, value) as unknown[]];
    }
  }
  if (share === "others") return;
  for (const place of objectsIn(right)) {
    for (const name of Object.keys(at(right, place) as object)) {
      const refuse = () => {
        throw own;
      };
      const trap = { enumerable: true, get: refuse };
      yield [
        `a getter that throws at ${show([...place, name])}`,
        (all) => withAt(all, place, Object.defineProperty({ ...(at(all, place) as object) }, name, trap)) as unknown[],
      ];
    }
  }
  for (let count = 0; count < right.length; count++) yield [`${count} arguments`, (all) => all.slice(0, count)];
}

/** What does not answer with its work or a short error of ours, or is not as before after one. */
export async function refusals<S>(
  { make, state, end }: Ground<S>,
  { args, run }: Call<S>,
  share?: Share,
): Promise<string[]> {
  const problems: string[] = [];
  let scene = await make();
  for (const [what, spoil] of spoilers(args(scene), share)) {
    const given = spoil(args(scene));
    const before = state(scene);
    try {
      await run(scene, ...given);
    } catch (thrown) {
      const ours = thrown instanceof LowrankError && thrown.message.length < 600;
      if (!ours && thrown !== own)
        problems.push(
          `${what}: ${String((thrown as Error)?.stack)
            .split("\n")
            .slice(0, 4)
            .join("")}`,
        );
      if (ours && Object.keys(thrown.details).length === 0)
        problems.push(`${what}: no details with "${thrown.message}"`);
      // Cancelled in the middle, a call has done a part of its work.
      if (!(thrown instanceof AbortError)) {
        if (state(scene) !== before) problems.push(`${what}: threw ${String(thrown)}, and something has changed`);
        continue;
      }
    }
    end(scene);
    scene = await make();
  }
  end(scene);
  return problems;
}

/** A table's calls, each with a name of its own. */
export function named<S>(table: Readonly<Record<string, readonly Call<S>[]>>): [name: string, call: Call<S>][] {
  return Object.entries(table).flatMap(([name, calls]) =>
    calls.map((call, i): [string, Call<S>] => [i === 0 ? name : `${name} (${i + 1})`, call]),
  );
}
