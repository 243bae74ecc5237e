import { parseElements } from "./elements.js";

/** Formats that every workbook has without naming them, and that are dates or times, by their numbers. */
const isBuiltIn = (id: number) =>
  (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 58 && id !== 49);

/**
 * Quoted and escaped characters of a format, its colours, conditions and currencies: all that may have letters of no date. What does not end lasts
 * to the format's end, and hours in brackets are few: otherwise each bracket would be searched for its end from its beginning.
 */
const others = /"[^"]*("|$)|\\.|_.|\*.|\[(?!(h{1,9}|m{1,9}|s{1,9})\])[^\]]*(\]|$)/gi;

/** Whether numbers in a format are dates or times, such as `dd.mm.yyyy`, `h:mm` or `[h]:mm`. */
const isDateFormat = (format: string): boolean => {
  const letters = format.split(";")[0]!.replace(others, "");
  return !/general|e[+-]/i.test(letters) && /[ymdhs]/i.test(letters);
};

/** Whether the numbers of each style of a workbook's cells are dates. */
export function dateStyles(bytes: Uint8Array | undefined): boolean[] {
  const dates: boolean[] = [];
  if (bytes === undefined) return dates;
  const own = new Map<number, boolean>();
  let isOfCells = false;
  parseElements(bytes, {
    open(name, attribute) {
      if (name === "numFmt") own.set(Number(attribute("numFmtId")), isDateFormat(attribute("formatCode") ?? ""));
      else if (name === "cellXfs") isOfCells = true;
      else if (name === "xf" && isOfCells) {
        const id = Number(attribute("numFmtId") ?? 0);
        dates.push(own.get(id) ?? isBuiltIn(id));
      }
    },
    close(name) {
      if (name === "cellXfs") isOfCells = false;
    },
  });
  return dates;
}

/** Days from the workbook's first day to 1970, counted from 1900 and from 1904. */
const [DAYS_1900, DAYS_1904] = [25_569, 24_107];
const DAY = 86_400;

/** A day, a time, or both, of a number of days: 2024-03-01, 14:30, 2024-03-01 14:30. Null if no calendar has the day. */
export function dateIn(days: number, from1904: boolean): string | null {
  // Excel counts 29 February 1900, which did not exist.
  const whole = !from1904 && days < 60 ? days + 1 : days;
  const seconds = Math.round((whole - (from1904 ? DAYS_1904 : DAYS_1900)) * DAY);
  const date = new Date(1000 * seconds);
  if (days < 0 || Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999) return null;
  const [day, time] = date.toISOString().split("T") as [string, string];
  const clock = time.slice(0, seconds % 60 === 0 ? 5 : 8);
  if (days < 1) return clock;
  return seconds % DAY === 0 ? day : `${day} ${clock}`;
}
