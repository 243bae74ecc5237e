/** A column by its name, or by its number from 0 (as a number or in digits). */
export type Column = string | number;

/** Whether a column is named by number. */
export const isNumber = (column: Column) => typeof column === "number" || /^\d+$/.test(column);
