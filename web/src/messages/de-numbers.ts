const number = new Intl.NumberFormat("de");

/** Numbers in German notation. */
export const n = (value: number) => number.format(value);
export const some = (count: number, one: string, many: string) => `${n(count)} ${count === 1 ? one : many}`;
/** Replaces the decimal point by a comma. */
export const point = (text: string) => text.replace(".", ",");
