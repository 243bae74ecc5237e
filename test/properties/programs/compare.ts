import type { Event } from "./run.js";

/** An event as it should be; a tolerance for each element. */
export interface Expected {
  readonly what: Event["what"];
  readonly id: number;
  readonly value: ArrayLike<number> | null;
  readonly tolerance: ArrayLike<number> | null;
}

/** How much was compared, and how much could not be. */
export interface Tally {
  elements: number;
  /** Elements whose tolerance is as large as themselves: kinks, ties, results of pure cancellation. */
  unsure: number;
  /** Largest error over its tolerance. */
  worst: number;
}

/** Throws at the first number that lies outside its tolerance; adds to `tally`. */
export function compare(events: readonly Event[], expected: readonly Expected[], tally: Tally): void {
  if (events.length !== expected.length) throw new Error(`${events.length} events, expected ${expected.length}`);
  events.forEach(({ what, id, tensor }, at) => {
    const { value, tolerance, ...named } = expected[at]!;
    const name = `event ${at}, ${what} of tensor ${id}`;
    if (named.what !== what || named.id !== id) throw new Error(`${name}: expected ${named.what} of ${named.id}`);
    if ((tensor === null) !== (value === null)) throw new Error(`${name}: ${tensor ? "is there" : "is missing"}`);
    if (tensor === null) return;
    if (tensor.data.length !== value!.length)
      throw new Error(`${name}: ${tensor.data.length} elements, not ${value!.length}`);
    const largest = Array.from(value!).reduce((most, number) => Math.max(most, Math.abs(number)), 0);
    tensor.data.forEach((got, i) => {
      const [want, allowed] = [value![i]!, tolerance![i]!];
      tally.elements++;
      if (!(allowed <= 0.1 * largest) && !(got === want)) {
        tally.unsure++;
        return;
      }
      const error = Math.abs(got - want);
      if (allowed > 0) tally.worst = Math.max(tally.worst, error / allowed);
      if (!(error <= allowed)) {
        throw new Error(`${name}, element ${i} of [${tensor.shape.join(", ")}]: ${got}, expected ${want} ± ${allowed}`);
      }
    });
  });
}
