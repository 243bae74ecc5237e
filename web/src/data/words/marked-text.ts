import { type Mark, marksIn, partsOf, withName } from "./marks.js";

interface Found extends Mark {
  /** Words, where words have tags. */
  readonly words: readonly number[];
}

/** The marked stretches of a row's text, in order. Neighbouring words with one label are one stretch. */
export function marksOf(text: string, label: string): Found[] {
  const { tags, spans = [] } = marksIn(label) ?? {};
  if (tags === undefined) return [...spans].sort((a, b) => a.start - b.start).map((span) => ({ ...span, words: [] }));
  const found: Found[] = [];
  let at = 0;
  let isOpen = false;
  text.split(" ").forEach((word, w) => {
    const [start, end] = [at, at + word.length];
    at = end + 1;
    const tag = tags[w] ?? "O";
    const { name, begins, ends } = partsOf(tag);
    const last = found.at(-1);
    if (tag === "O") isOpen = false;
    else if (isOpen && !begins && last?.label === name)
      found[found.length - 1] = { ...last, end, words: [...last.words, w] };
    else found.push({ start, end, label: name, words: [w] });
    if (tag !== "O") isOpen = !ends;
  });
  return found;
}

/** A row's label with another label for the stretch at this place, or without it. */
export function remarked(text: string, label: string, place: number, to: string | null): string {
  const { tags, spans = [] } = marksIn(label) ?? {};
  const mark = marksOf(text, label)[place]!;
  if (tags !== undefined)
    return JSON.stringify(
      tags.map((tag, w) => (tag === null || !mark.words.includes(w) ? tag : to === null ? "O" : withName(tag, to))),
    );
  const isIt = ({ start, end }: Mark) => start === mark.start && end === mark.end;
  const others = to === null ? spans.filter((span) => !isIt(span)) : spans;
  return JSON.stringify(others.map((span) => (isIt(span) ? { ...span, label: to! } : span)));
}

/** A row as an example to train on, as JSON Lines of the library have it. */
export function markedExample({ text, label }: { readonly text: string; readonly label: string }): object {
  const { tags, spans = [] } = marksIn(label)!;
  return tags === undefined ? { text, spans } : { tokens: text.split(" "), tags };
}
