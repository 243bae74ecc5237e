import { oneLine } from "./printable.js";

/** Alignment of a column. */
export type Alignment = "left" | "right";

/**
 * Rows as lines with aligned columns, two spaces apart; the first row may be a heading. Cells are plain text on one line. Colour would
 * count as width, so it is added later, to whole lines.
 */
export function tableLines(given: readonly (readonly string[])[], alignments: readonly Alignment[] = []): string[] {
  const rows = given.map((row) => row.map(oneLine));
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) => Math.max(0, ...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) => {
    const cells = row.map((cell, i) =>
      alignments[i] === "right" ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!),
    );
    return cells.join("  ").trimEnd();
  });
}

/** A text on one line of at most `width` characters. */
export function clip(text: string, width: number): string {
  const line = text.replace(/\s+/g, " ").trim();
  const characters = [...line];
  return characters.length <= width ? line : `${characters.slice(0, Math.max(1, width - 1)).join("")}…`;
}
