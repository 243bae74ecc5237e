/** A share in percent, for messages. */
export const percent = (share: number) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;

/** A number of things, for messages. */
export const counted = (count: number, one: string, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;

/** With fewer measured texts, one text is five points. */
const SMALL_TEST = 20;

/** What to say of a test with few examples; null for none, and for enough. @param unit what an example is, such as "text" */
export const smallTestText = (examples: number, unit: string): string | null =>
  examples === 0 || examples >= SMALL_TEST
    ? null
    : `${counted(examples, unit)} to measure on ${examples === 1 ? "is" : "are"} few: each counts ${percent(1 / examples)}`;
