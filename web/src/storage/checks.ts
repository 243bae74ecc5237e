import { encoders } from "../engine/encoders.js";

/** Checks of a project file's contents, so that a file from elsewhere cannot break the page that stores it. */
export type Check = (value: unknown) => boolean;

export const isText: Check = (value) => typeof value === "string";
export const isNumber: Check = (value) => typeof value === "number" && Number.isFinite(value);
export const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
export const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
/** Checks that a value is an object with at least these fields. */
export const having =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.entries(fields).every(([name, check]) => check((value as Record<string, unknown>)[name]));

export const isCount: Check = (value) => isNumber(value) && Number.isInteger(value) && (value as number) >= 0;
export const orMissing =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

/** A point of a curve. */
const point = having({ step: isNumber, loss: isNumber });

/** The fields of every table. */
export const tableFields = { name: isText, columns: listOf(isText), records: listOf(listOf(isText)) };
/** Whether each record of a table has one field per column. */
export const isEven = ({ columns, records }: { columns: unknown[]; records: unknown[][] }): boolean =>
  records.every(({ length }) => length === columns.length);

/** The id of a run or an adapter, which is the name of a folder. */
export const isId: Check = (value) => isText(value) && /^[\w-]{1,100}$/.test(value as string);

/** The fields of every training. */
export const trainingFields = {
  id: isId,
  name: isText,
  spec: having({ data: isText }),
  training: listOf(point),
  validation: listOf(point),
};

/** One of the models that the Studio offers. */
export const isEncoder: Check = (value) => isText(value) && Object.hasOwn(encoders, value as string);

export const isBytes: Check = (value) => value instanceof Uint8Array;
/** Checks that a value is an object whose values are all of a kind. */
export const recordOf =
  (check: Check): Check =>
  (value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(check);
