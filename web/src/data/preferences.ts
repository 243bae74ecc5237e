import { asked, named } from "./question-columns.js";
import type { Table } from "./table.js";

/** A prompt and two answers, of which one is preferred, as a run of the task "preferences" reads them: texts, or turns of a conversation. */
export interface Preference {
  readonly prompt?: unknown;
  readonly chosen: unknown;
  readonly rejected: unknown;
}

const CHOSEN = /^(chosen|preferred|better|bevorzugt|besser)$/i;
const REJECTED = /^(rejected|dispreferred|worse|abgelehnt|schlechter)$/i;

const turn = (role: string, content: string) => [{ role, content }];

/** Texts as turns of a conversation, which a model with a chat template reads. Anything else stays as it is. */
function asTurns(row: Preference): Preference {
  const { prompt, chosen, rejected } = row;
  if (typeof prompt !== "string" || typeof chosen !== "string" || typeof rejected !== "string") return row;
  return { prompt: turn("user", prompt), chosen: turn("assistant", chosen), rejected: turn("assistant", rejected) };
}

const isEmpty = (part: unknown) => (typeof part === "string" ? part.trim() === "" : !Array.isArray(part));

/** The rows with two different answers. */
const usable = (rows: readonly Preference[], converses: boolean): Preference[] =>
  rows
    .filter(({ chosen, rejected }) => !isEmpty(chosen) && !isEmpty(rejected))
    .filter(({ chosen, rejected }) => JSON.stringify(chosen) !== JSON.stringify(rejected))
    .map((row) => (converses ? asTurns(row) : row));

/**
 * The preferences in rows of JSON Lines; null if they are none.
 * @param converses whether the model has a chat template
 */
export function preferencesOf(rows: readonly object[], converses: boolean): Preference[] | null {
  const fields = rows as readonly Readonly<Record<string, unknown>>[];
  if (!fields.every((row) => Object.hasOwn(row, "chosen") && Object.hasOwn(row, "rejected"))) return null;
  const prompt = Object.keys(fields[0] ?? {}).find((name) => asked.test(name));
  const read = fields.map(({ chosen, rejected, ...others }) => ({
    ...(prompt !== undefined && { prompt: others[prompt] }),
    chosen,
    rejected,
  }));
  return usable(read, converses);
}

/** The preferences in a table with a column for each of the two answers; null without them. */
export function preferencesIn({ columns, records }: Pick<Table, "columns" | "records">, converses: boolean) {
  const [chosen, rejected, prompt] = [named(columns, CHOSEN), named(columns, REJECTED), named(columns, asked)];
  if (chosen < 0 || rejected < 0) return null;
  const rows = records.map((record) => ({
    ...(prompt >= 0 && { prompt: record[prompt]! }),
    chosen: record[chosen]!,
    rejected: record[rejected]!,
  }));
  return usable(rows, converses);
}

/** The first preference as texts, to be shown. */
export function firstPreference([{ prompt, chosen, rejected }]: readonly [Preference, ...Preference[]]) {
  const last = (part: unknown): string =>
    Array.isArray(part)
      ? String((part.at(-1) as { content?: unknown } | undefined)?.content ?? "")
      : String(part ?? "");
  // Without a prompt of its own, each conversation contains it.
  const said = prompt ?? (Array.isArray(chosen) ? chosen.slice(0, -1) : "");
  return { said: last(said), answer: last(chosen), rejected: last(rejected) };
}
