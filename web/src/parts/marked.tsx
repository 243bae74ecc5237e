import type { ComponentChildren } from "preact";
import type { Mark } from "../data/words/marks.js";
import "../style/words.css";

/** A text with its marked words, each with its label. */
export function Marked({ text, marks }: { text: string; marks: readonly Mark[] }) {
  let at = 0;
  const pieces = marks.flatMap(({ start, end, label }): ComponentChildren[] => {
    const before = text.slice(at, start);
    at = end;
    return [
      before,
      <mark key={start}>
        {text.slice(start, end)} <small>{label}</small>
      </mark>,
    ];
  });
  return (
    <p class="marked">
      {pieces}
      {text.slice(at)}
    </p>
  );
}

/** The same in short. */
export const inShort = (text: string, marks: readonly Mark[], separator = "; "): string =>
  marks.map(({ start, end, label }) => `${label}: ${text.slice(start, end)}`).join(separator);
