/** A labelled stretch of a text: `text.slice(start, end)`. */
export interface Mark {
  readonly start: number;
  readonly end: number;
  readonly label: string;
}

/** What is marked in a row's text: a tag for each word between its spaces, null for none; or stretches. A row has it as JSON. */
export type Marks =
  | { readonly tags: readonly (string | null)[]; readonly spans?: undefined }
  | { readonly spans: readonly Mark[]; readonly tags?: undefined };

/** The list in a field; null for anything else. */
export function listIn(field: string): readonly unknown[] | null {
  if (!field.startsWith("[")) return null;
  try {
    const list = JSON.parse(field) as unknown;
    return Array.isArray(list) ? list : null;
  } catch {
    return null;
  }
}

const isTag = (tag: unknown): tag is string | null => tag === null || (typeof tag === "string" && tag.trim() !== "");

/** A stretch as an object or as [start, end, label]; null for anything else. */
function spanOf(given: unknown): Mark | null {
  const [start, end, label] = Array.isArray(given)
    ? (given as unknown[])
    : [Object(given).start, Object(given).end, Object(given).label];
  const fits = Number.isSafeInteger(start) && Number.isSafeInteger(end) && typeof label === "string";
  return fits && label.trim() !== "" ? { start: start as number, end: end as number, label } : null;
}

/** Marks that were read: after a correction of one row all are asked again. */
const known = new Map<string, Marks | null>();
const MOST_KNOWN = 50_000;

/** What a row's label says; null if it says nothing that can be trained on. */
export function marksIn(label: string): Marks | null {
  let marks = known.get(label);
  if (marks === undefined) {
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(label, (marks = readMarks(label)));
  }
  return marks;
}

function readMarks(label: string): Marks | null {
  const list = listIn(label);
  if (list === null) return null;
  if (list.length > 0 && list.every(isTag)) return list.some((tag) => tag !== null) ? { tags: list } : null;
  const spans = list.map(spanOf);
  return spans.includes(null) ? null : { spans: spans as Mark[] };
}

/** A tag's parts: whether an entity begins or ends with it, and its name. */
export function partsOf(tag: string) {
  const [, place = "", name = tag] = /^([BIESLU])-(.+)$/.exec(tag) ?? [];
  return { prefix: place && `${place}-`, name, begins: /^[BSU]$/.test(place), ends: /^[ESLU]$/.test(place) };
}

/** Names of labels without what their tags say of places, each once. */
export const namesOf = (tags: readonly (string | null)[]): string[] => [
  ...new Set(tags.flatMap((tag) => (tag === null || tag === "O" ? [] : [partsOf(tag).name]))),
];

/** The different labels of a row. */
export function markNames(label: string): string[] {
  const { tags, spans = [] } = marksIn(label) ?? {};
  return tags === undefined ? [...new Set(spans.map((span) => span.label))] : namesOf(tags);
}

/** A row's label with other names of labels. */
export function renamedMarks(label: string, name: (label: string) => string): string {
  const { tags, spans = [] } = marksIn(label) ?? {};
  if (tags === undefined) return JSON.stringify(spans.map((span) => ({ ...span, label: name(span.label) })));
  return JSON.stringify(
    tags.map((tag) => (tag === null || tag === "O" ? tag : withName(tag, name(partsOf(tag).name)))),
  );
}

/** The tag with another name. */
export const withName = (tag: string, name: string) => partsOf(tag).prefix + name;
