import type { OptionNames } from "../training/spec/option-names.js";
import { ConfigError, FormatError } from "../errors/errors.js";
import { type Check, matching } from "../training/spec/field.js";

/** Codes of `allow` that remove rows without a text or without a label. */
const emptyCodes = ["empty-texts", "empty-labels"] as const;

/** A check for a list of some codes. */
export const codesOf = (allowed: readonly string[]): Check<readonly string[]> =>
  matching<readonly string[]>(
    `a list of ${allowed.map((code) => `"${code}"`).join(", ")}`,
    (value) => Array.isArray(value) && value.every((code) => allowed.includes(code as string)),
  );

/** A check of `allow` for tasks that accept no other findings. */
export const allowEmpty = codesOf(emptyCodes);

/** What to do with rows without a text or label, as `readExamples` takes it. */
interface EmptyRows {
  readonly emptyTexts: "refuse" | "leave out";
  readonly emptyLabels: "refuse" | "leave out";
}

/**
 * Reads a table without the rows that `allow` removes, and warns of them by their number. An error about such rows names the setting that
 * removes them.
 * @param read reads the table; it gets what to do with empty texts and labels, and returns the lines that it left out
 */
export async function withoutEmptyRows<
  T extends { readonly emptyTexts: readonly number[]; readonly emptyLabels: readonly number[] },
>(
  file: string,
  allow: readonly string[],
  { onWarning, optionNames }: { onWarning(message: string): void; readonly optionNames: OptionNames },
  read: (empty: EmptyRows) => T | Promise<T>,
): Promise<T> {
  const wanted = (code: (typeof emptyCodes)[number]) => (allow.includes(code) ? "leave out" : "refuse");
  const table = await (async () =>
    read({ emptyTexts: wanted("empty-texts"), emptyLabels: wanted("empty-labels") }))().catch((error: unknown) => {
    if (!(error instanceof FormatError) || !("empty" in error.details)) throw error;
    const { option } = error.details;
    const code = option === "emptyLabels" ? "empty-labels" : "empty-texts";
    const message = error.message.replace(`${String(option)}: "leave out"`, `${optionNames.setting("allow")} ${code}`);
    throw new ConfigError(message, error.details, { cause: error });
  });
  const tell = (count: number, one: string, more: string) => {
    if (count > 0) onWarning(`${file}: ${count === 1 ? `${one} is` : `${count} ${more} are`} removed`);
  };
  tell(table.emptyTexts.length, "an empty text", "empty texts");
  tell(table.emptyLabels.length, "a text with an empty label", "texts with empty labels");
  return table;
}

/** Throws `ConfigError` if two settings name the same column. A setting names one, several, or null for none. */
export function checkColumnsDiffer(
  columns: Readonly<Record<string, string | readonly string[] | null>>,
  { setting }: Pick<OptionNames, "setting">,
): void {
  const pair = equalPair(columns);
  if (pair === null) return;
  const { names, column } = pair;
  throw new ConfigError(
    `${names.map(setting).join(" and ")} both name column ${JSON.stringify(column)}: two different columns are expected`,
    { option: names[1], value: column },
  );
}

/** Throws `ConfigError` if `fields` names the same column for two uses. */
export function checkFieldsDiffer(
  fields: Readonly<Record<string, string>>,
  { setting }: Pick<OptionNames, "setting">,
): void {
  const pair = equalPair(fields);
  if (pair === null) return;
  const { names, column } = pair;
  throw new ConfigError(
    `${setting("fields")} names column ${JSON.stringify(column)} as ${names.join(" and as ")}: two different columns are expected`,
    { option: "fields", value: column },
  );
}

/** Two names with the same column; null if there are none. */
function equalPair(columns: Readonly<Record<string, string | readonly string[] | null>>) {
  const before = new Map<string, string>();
  for (const [name, value] of Object.entries(columns))
    for (const column of [value ?? []].flat()) {
      const other = before.get(column);
      if (other !== undefined && other !== name) return { names: [other, name] as const, column };
      before.set(column, name);
    }
  return null;
}
