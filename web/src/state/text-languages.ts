import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { TextLanguages } from "../data/text-languages.js";
import { project } from "./project.js";

/** Texts whose language is recognised. */
interface Source {
  /** What they were read from: they are recognised again only if one of these is another. */
  readonly from: readonly unknown[];
  texts(): readonly string[];
}

/** The language of the texts that are open; null before it is known, and where it cannot be recognised. */
export function recognised(source: () => Source | null): ReadonlySignal<TextLanguages | null> {
  const found = signal<TextLanguages | null>(null);
  let read: Source | null = null;
  effect(() => {
    const now = source();
    if (now !== null && read?.from.every((one, i) => one === now.from[i])) return;
    read = now;
    found.value = null;
    if (now === null) return;
    void (async () => {
      const { languagesApart } = await import("../data/apart/languages-apart.js");
      const languages = await languagesApart(now.texts());
      if (read === now) found.value = languages;
    })().catch(() => undefined);
  });
  return found;
}

/** The language of the open table's texts. Corrections of single rows do not change it. */
export const textLanguages = recognised(() => {
  const now = project.value;
  return now && { from: [now.table, now.text], texts: () => now.rows.map(({ text }) => text) };
});
