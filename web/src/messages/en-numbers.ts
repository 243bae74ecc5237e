const number = new Intl.NumberFormat("en");

/** Numbers in English notation. */
export const n = (value: number) => number.format(value);
export const some = (count: number, one: string, many: string) => `${n(count)} ${count === 1 ? one : many}`;
