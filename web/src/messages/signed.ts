/** A number with a fixed number of decimal places. Negative numbers have a minus sign, unless they round to 0. */
export const signed = (value: number, places: number): string =>
  value
    .toFixed(places)
    .replace(/^-(?=[0.]+$)/, "")
    .replace("-", "\u2212");
