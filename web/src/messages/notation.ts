/** The reader's own variant of a language, such as "es-MX". It decides on the decimal sign and on dates. */
function variantOf(tag: string, usual: string): string {
  const own = typeof navigator === "undefined" ? [] : navigator.languages;
  return own.find((variant) => variant.startsWith(`${tag}-`)) ?? usual;
}

/**
 * How numbers, amounts and dates are written in a language. `usual` is the variant for readers whose browser names none. Negative numbers
 * have a minus sign, unless they round to 0.
 */
export function notation(tag: string, usual: string = tag) {
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
  const isOne = (count: number) => plural.select(count) === "one";
  return {
    n,
    isOne,
    /** A count with its noun. */
    some: (count: number, one: string, more: string) => `${n(count)} ${isOne(count) ? one : more}`,
    /** A number with a fixed number of decimal places. */
    fixed(value: number, places: number): string {
      let made = formats.get(places);
      if (made === undefined)
        formats.set(places, (made = format({ minimumFractionDigits: places, maximumFractionDigits: places })));
      return made(value);
    },
    significant: (value: number, digits: number) => format({ maximumSignificantDigits: digits })(value),
    percent: format({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 }),
    wholePercent: format({ style: "percent", maximumFractionDigits: 0 }),
    megabytes: (bytes: number) => format({ style: "unit", unit: "megabyte", maximumFractionDigits: 0 })(bytes / 1e6),
    kilobytes: (bytes: number) => format({ style: "unit", unit: "kilobyte", maximumFractionDigits: 0 })(bytes / 1e3),
    duration: (time: number) => (time < 90 ? seconds(Math.max(1, time)) : minutes(time / 60)),
    /** Both ends of a range of seconds, in the unit of the larger one: "2" and "3 minutes". */
    spanned({ low, high }: { low: number; high: number }): readonly [from: string, to: string] {
      const [unit, written] = high < 90 ? ([1, seconds] as const) : ([60, minutes] as const);
      const [from, to] = [low, high].map((time) => Math.max(1, Math.round(time / unit))) as [number, number];
      return [from === to ? "" : n(from), written(to)];
    },
    date: (time: number) => dates.format(time),
    and: (parts: readonly string[]) => list.format(parts),
  };
}
