const { compare } = new Intl.Collator("en", { numeric: true });

/** Sorts names of modules and tensors as models have their layers: 2 before 10. */
export const inModelOrder = (a: string, b: string): number => compare(a, b);
