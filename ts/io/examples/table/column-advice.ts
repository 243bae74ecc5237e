import { ConfigError } from "../../../errors/errors.js";
import type { Column } from "./columns.js";

/** Columns that are called by these names where nothing is said. */
interface Asked {
  readonly text: Column;
  readonly label: Column;
}

/**
 * The error of a column of texts or labels that is not there, which says too what options name these. Any other error as it is.
 * @param setting what an option is called where it was given: "text", or "--text"
 */
export function withColumnAdvice(error: unknown, { text, label }: Asked, setting = (option: keyof Asked): string => option): unknown {
  const { column, allowed } = error instanceof ConfigError ? error.details : {};
  if (!Array.isArray(allowed) || (column !== text && column !== label)) return error;
  const missing = column === text ? "text" : "label";
  const { message, details } = error as ConfigError;
  const meant = message.endsWith("?");
  // A first line that is no header holds texts, which name nothing.
  const isName = (other: string) => /^[\p{L}_][\p{L}\p{N}_-]*$/u.test(other) && ![text, label].some((own) => String(own).toLowerCase() === other.toLowerCase());
  const name = meant ? undefined : (allowed as string[]).find(isName);
  const option = setting(missing);
  const such = name === undefined ? "" : `, such as ${option.startsWith("-") ? `${option} ${name}` : `${option}: ${JSON.stringify(name)}`},`;
  const says = (what: keyof Asked) => `the column of ${what}s with ${setting(what)}${what === missing ? such : ""}`;
  const start = meant ? " Name" : "; name";
  return new ConfigError(`${message}${start} ${says("text")} and ${says("label").replace(/,$/, "")}`, details, { cause: error });
}
