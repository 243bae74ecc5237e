import { LABELS, SCORES } from "./label-forms.js";
import type { Table } from "./table.js";
import { flagColumns } from "./read-target.js";

/** Rows that are read to guess the columns. */
const SAMPLE = 200;

/** Number of columns of 0 and 1 from which they are labels rather than facts about the text. */
const MANY_FLAGS = 3;

/** Guesses the text column (the longest values) and the label column (few different values, or a scale). */
export function guessColumns({ columns, records }: Pick<Table, "columns" | "records">): {
  text: number;
  label: number;
} {
  const sample = records.slice(0, SAMPLE);
  const flags = flagColumns({ columns, records: sample });
  const facts = columns.map((name, i) => {
    const values = sample.map((row) => row[i]!);
    const filled = values.filter((value) => value.trim() !== "");
    const length = filled.reduce((sum, value) => sum + value.length, 0) / Math.max(filled.length, 1);
    const different = new Set(filled).size / Math.max(filled.length, 1);
    const named = (pattern: RegExp) => (pattern.test(name) ? 1 : 0);
    // A column with a single value cannot hold labels.
    const constant = new Set(filled).size < 2 && sample.length > 1 ? 1 : 0;
    // Columns of words are preferred: tables often have columns of numbers that are not labels (priorities, versions, amounts).
    const numeric = filled.every((value) => /^[-+]?[\d.,]+$/.test(value.trim())) ? 1 : 0;
    const flag = flags.length >= MANY_FLAGS && flags.includes(i) ? 1 : 0;
    // Numbers of rows are whole, unlike many scales.
    const scale =
      numeric * ((SCORES.test(name) ? 0.5 : 0) + (filled.some((value) => /\d[.,]\d/.test(value)) ? 0.5 : 0));
    return {
      length,
      different,
      constant,
      numeric,
      flag,
      scale,
      filled: filled.length / Math.max(sample.length, 1),
      named,
    };
  });
  const scored = (score: (fact: (typeof facts)[number]) => number, not = -1) =>
    facts.reduce((best, fact, i) => (i !== not && (best < 0 || score(fact) > score(facts[best]!)) ? i : best), -1);
  const text = scored(
    ({ length, named }) =>
      Math.log(1 + length) + 3 * named(/text|review|comment|message|sentence|body|satz|nachricht|frage/i),
  );
  const label = scored(
    ({ different, constant, numeric, flag, scale, filled, length, named }) =>
      2 * filled + flag + scale - 4 * constant - numeric - 2 * different - Math.log(1 + length) / 4 + 3 * named(LABELS),
    text,
  );
  return { text, label };
}
