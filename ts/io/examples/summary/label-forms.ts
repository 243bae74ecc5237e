/** Separators of several labels in one field. */
const SEPARATORS = ["|", ";", ",", "/", "+", "&"];
const WHOLE = /^[-+]?\d+$/;
const DECIMAL = /^[-+]?\d*[.,]\d+$/;
/** Names of columns with ordered values, in any case. */
const SCORES = /star|rating|score|grade|points|nps|level|severity|priority|stern|punkt|bewertung|note/i;

/** The parts of a field; empty if fewer than two differ. Lists as in Python and JSON are split too. */
function partsOf(label: string, separator: string): string[] {
  const listed = separator === "," ? /^\[(.*)\]$/s.exec(label)?.[1] : undefined;
  const parts = (listed ?? label)
    .split(separator)
    .map((part) => (listed === undefined ? part : part.replace(/['"]/g, "")).trim());
  return parts.length < 2 || parts.includes("") || new Set(parts).size < parts.length ? [] : parts;
}

/**
 * Labels that are several in one, such as "billing|bug": each part also occurs elsewhere, alone or at another position. "Sales/Europe" and
 * "Sales/Asia" are not, nor are decimal commas.
 */
export function joinedLabels(labels: readonly string[]): string[] {
  if (labels.every((label) => WHOLE.test(label) || DECIMAL.test(label))) return [];
  for (const separator of SEPARATORS) {
    const places = new Map<string, Set<number>>();
    const stands = (part: string, place: number) => places.set(part, (places.get(part) ?? new Set()).add(place));
    const split = labels.map((label) => [label, partsOf(label, separator)] as const);
    for (const [label, parts] of split)
      if (parts.length === 0) stands(label.replace(/^\[\s*['"]?|['"]?\s*\]$/g, ""), -1);
      else parts.forEach(stands);
    const joined = split.filter(([, parts]) => parts.length > 0 && parts.every((part) => places.get(part)!.size > 1));
    if (joined.length > 0) return joined.map(([label]) => label);
  }
  return [];
}

/**
 * The kind of numbers if there are three or more numeric labels: "decimals" or "wholes". Null for 0 to n − 1, the usual class numbers,
 * unless the column's name suggests scores.
 */
export function numbersIn(labels: readonly string[], column: string | undefined): "decimals" | "wholes" | null {
  if (labels.length < 3) return null;
  const decimals = labels.filter((label) => DECIMAL.test(label)).length;
  const wholes = labels.filter((label) => WHOLE.test(label)).length;
  if (decimals > labels.length / 2 || (decimals > 0 && decimals + wholes === labels.length)) return "decimals";
  if (wholes < labels.length) return null;
  const classes = new Set(labels.map(Number));
  const numbered = labels.every((_, i) => classes.has(i));
  return numbered && !SCORES.test(column ?? "") ? null : "wholes";
}
