/** The reader's own variant of a language, such as "es-MX". It decides on the decimal sign and on dates. */
function variantOf(tag: string, usual: string): string {
  const own = typeof navigator === "undefined" ? [] : navigator.languages;
  return own.find((variant) => variant.startsWith(`${tag}-`)) ?? usual;
}

/** Number of measured texts from which a result has one digit more: before, it would say nothing. */
const MANY = 1000;
/** A share within this of 1 or 0 rounds to 100 % or 0 %. */
const NEARLY = 0.005;

/** How a language writes a share between its last whole per cent and all, or nothing. */
interface Bounds {
  readonly over: (share: string) => string;
  readonly under: (share: string) => string;
}

/**
 * How numbers, amounts and dates are written in a language. `usual` is the variant for readers whose browser names none. Negative numbers
 * have a minus sign, unless they round to 0.
 */
export function notation(tag: string, { over, under }: Bounds, usual: string = tag) {
  const locale = variantOf(tag, usual);
  const plural = new Intl.PluralRules(locale);
  const format = (options: Intl.NumberFormatOptions) => {
    const made = new Intl.NumberFormat(locale, { signDisplay: "negative", ...options });
    return (value: number) => made.format(value).replace("-", "\u2212");
  };
  const formats = new Map<number, (value: number) => string>();
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const list = new Intl.ListFormat(locale, { type: "conjunction" });
  const [seconds, minutes] = (["second", "minute"] as const).map((unit) =>
    format({ style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0 }),
  ) as [(value: number) => string, (value: number) => string];
  const n = format({});
  const wholePercent = format({ style: "percent", maximumFractionDigits: 0 });
  const percent = format({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const isOne = (count: number) => plural.select(count) === "one";
  /** A number with a fixed number of decimal places. */
  const fixed = (value: number, places: number): string => {
    let made = formats.get(places);
    if (made === undefined)
      formats.set(places, (made = format({ minimumFractionDigits: places, maximumFractionDigits: places })));
    return made(value);
  };
  return {
    n,
    isOne,
    /** A count with its noun. */
    some: (count: number, one: string, more: string) => `${n(count)} ${isOne(count) ? one : more}`,
    fixed,
    significant: (value: number, digits: number) => format({ maximumSignificantDigits: digits })(value),
    wholePercent,
    /** A share of `count` texts. Only all of them are 100 %, only none of them 0 %. */
    share(value: number, count: number): string {
      const [write, unit] = count < MANY ? [wholePercent, 1] : [percent, 0.1];
      if (value < 1 && value >= 1 - unit * NEARLY) return over(write(1 - unit / 100));
      return value > 0 && value < unit * NEARLY ? under(write(unit / 100)) : write(value);
    },
    /** An error in the unit of the data, measured on `count` texts. */
    error(value: number, count: number): string {
      const digits = count < MANY ? 2 : 3;
      return format({ minimumSignificantDigits: digits, maximumSignificantDigits: digits })(value);
    },
    /** A metric from -1 to 1, measured on `count` texts or questions. */
    metric: (value: number, count: number) => fixed(value, count < MANY ? 2 : 3),
    /** A difference of shares of `count` texts, in percentage points. */
    points: (difference: number, count: number) => fixed(100 * difference, count < MANY ? 0 : 1),
    /** A model's probability, which is never certain. */
    odds: (value: number) =>
      value >= 1 - NEARLY ? over(wholePercent(0.99)) : value < NEARLY ? under(wholePercent(0.01)) : wholePercent(value),
    megabytes: (bytes: number) => format({ style: "unit", unit: "megabyte", maximumFractionDigits: 0 })(bytes / 1e6),
    kilobytes: (bytes: number) => format({ style: "unit", unit: "kilobyte", maximumFractionDigits: 0 })(bytes / 1e3),
    duration: (time: number) => (time < 90 ? seconds(Math.max(1, time)) : minutes(time / 60)),
    /** Writes both ends of a range of seconds in the unit of the larger one: "2" and "3 minutes". */
    spanned({ low, high }: { low: number; high: number }): readonly [from: string, to: string] {
      const [unit, written] = high < 90 ? ([1, seconds] as const) : ([60, minutes] as const);
      const [from, to] = [low, high].map((time) => Math.max(1, Math.round(time / unit))) as [number, number];
      return [from === to ? "" : n(from), written(to)];
    },
    date: (time: number) => dates.format(time),
    and: (parts: readonly string[]) => list.format(parts),
  };
}
