/** A number with so many places, and a minus where it is below 0 in them. */
export const signed = (value: number, places: number): string =>
  value
    .toFixed(places)
    .replace(/^-(?=[0.]+$)/, "")
    .replace("-", "\u2212");
