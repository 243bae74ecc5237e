/** Maximum delay of a timer; a longer one would fire at once. */
const LONGEST = 2 ** 31 - 1;

/** As `setTimeout`; no timer for a longer delay. */
export const timer = (milliseconds: number, then: () => void): ReturnType<typeof setTimeout> | undefined =>
  milliseconds > LONGEST ? undefined : setTimeout(then, milliseconds);
