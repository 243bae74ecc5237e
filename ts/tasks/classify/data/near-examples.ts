import type { LocatedExample } from "../../../io/examples/index.js";
import { Frames } from "../../../io/examples/near/frames.js";
import { nearGroups } from "../../../io/examples/near/near-texts.js";
import type { NearNumbers } from "../../../io/examples/parts/assign.js";
import { breather } from "../../../waiting/next-task.js";
import type { Labelled } from "./read-labelled.js";

/** A number for each example, equal for near duplicates; null if there are none. Rejects with `AbortError` when cancelled. */
export async function nearExamples(
  examples: readonly LocatedExample[],
  signal: AbortSignal | undefined,
): Promise<Labelled["near"]> {
  const texts = examples.map(({ text }) => text);
  const groups = await nearGroups(texts, new Frames(), breather(signal));
  return groups && new Map(examples.map((example, i) => [example, groups[i]!]));
}

/** These numbers, in the order of the given examples. */
export const nearNumbers = (examples: readonly LocatedExample[], near: Labelled["near"]): NearNumbers | null =>
  near && examples.map((example) => near.get(example));
