import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { TextLanguages } from "../data/text-languages.js";
import { project } from "./project.js";

/** Texts whose language is recognised. */
interface Source {
  /** What they were read from: they are recognised again only if one of these is another. */
  readonly from: readonly unknown[];
  texts(): readonly string[];
}

/** The language of texts. */
interface Recognition {
  /** Null before it is known, and where it cannot be recognised. */
  readonly found: ReadonlySignal<TextLanguages | null>;
  /** Whether it is known, or known that it cannot be recognised. */
  readonly isDone: ReadonlySignal<boolean>;
}

/** Recognises the language of the texts that are open. */
export function recognition(source: () => Source | null): Recognition {
  const found = signal<TextLanguages | null>(null);
  const done = signal<Source | null>(null);
  let read: Source | null = null;
  effect(() => {
    const now = source();
    if (now !== null && isSame(now, read)) return;
    read = now;
    found.value = null;
    if (now === null) return;
    void (async () => {
      let languages: TextLanguages | null = null;
      try {
        const { languagesApart } = await import("../data/apart/languages-apart.js");
        languages = await languagesApart(now.texts());
      } finally {
        if (read === now) batch(() => ([found.value, done.value] = [languages, now]));
      }
    })().catch(() => undefined);
  });
  // Other texts count as not recognised before the effect has seen them.
  return { found, isDone: computed(() => isSame(source(), done.value)) };
}

const isSame = (one: Source | null, other: Source | null) =>
  one !== null && other !== null && one.from.every((part, i) => part === other.from[i]);

/** The language of the open table's texts. Corrections of single rows do not change it. */
export const { found: textLanguages } = recognition(() => {
  const now = project.value;
  return now && { from: [now.table, now.text], texts: () => now.rows.map(({ text }) => text) };
});
