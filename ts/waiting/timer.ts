/** A clock counts no further, and tells of longer times at once. */
const LONGEST = 2 ** 31 - 1;

/** A timer, as by `setTimeout`; none for a time that no clock counts. */
export const timer = (milliseconds: number, then: () => void): ReturnType<typeof setTimeout> | undefined =>
  milliseconds > LONGEST ? undefined : setTimeout(then, milliseconds);
