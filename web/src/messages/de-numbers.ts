const number = new Intl.NumberFormat("de");

/** Numbers as German has them. */
export const n = (value: number) => number.format(value);
export const some = (count: number, one: string, many: string) => `${n(count)} ${count === 1 ? one : many}`;
/** A number that was written with a point. */
export const point = (text: string) => text.replace(".", ",");
