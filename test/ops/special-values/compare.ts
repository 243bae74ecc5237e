/** How close results must come to what is expected. */
export interface Closeness {
  /** Largest error as a part of the expected number. */
  readonly relative: number;
  /** Numbers below this are held to the error of this one; default 0: subnormal numbers too must be right. */
  readonly floor?: number;
  /** Whether zeros must have the expected sign. */
  readonly signedZeros?: boolean;
}

/** The smallest subnormal number: what rounding to one may lose, twice. */
const rounding = 2 ** -148;

function agrees(a: number, e: number, { relative, floor = 0, signedZeros }: Closeness, unit: number): boolean {
  if (Object.is(a, e)) return true;
  if (a === e) return signedZeros !== true;
  // What is left of NaN and infinities does not agree.
  return Math.abs(a - e) <= relative * Math.max(Math.abs(e), floor * unit) + rounding && Number.isFinite(e);
}

const text = (x: number) => (Object.is(x, -0) ? "-0" : String(x));

/**
 * The first few elements that differ from every answer, in words; empty where there are none. NaN equals NaN, whatever
 * its bits. `units` are the sizes of what an element was made of, in which its floor counts; default 1.
 */
export function differences(
  actual: Float32Array,
  answers: readonly Float32Array[],
  closeness: Closeness,
  units?: Float32Array,
  describe: (i: number) => string = () => "",
): string[] {
  if (answers.some(({ length }) => length !== actual.length)) return [`${actual.length} elements, expected others`];
  const unit = (i: number) => (Number.isFinite(units?.[i]) ? Math.abs(units![i]!) : 1);
  const right = (i: number) => answers.some((answer) => agrees(actual[i]!, answer[i]!, closeness, unit(i)));
  const wrong = [...actual.keys()].filter((i) => !right(i));
  const expected = (i: number) => answers.map((answer) => text(answer[i]!)).join(" or ");
  return wrong.slice(0, 12).map((i) => `[${i}] ${describe(i)}: ${text(actual[i]!)}, expected ${expected(i)}`);
}
