import { effect, signal } from "@preact/signals";
import { languagesOf, type TextLanguages } from "../data/text-languages.js";
import { project } from "./project.js";

/** The language of the open table's texts; null before it is known. */
export const textLanguages = signal<TextLanguages | null>(null);

/** What the language was read from: corrections of single rows do not change it. */
let read: { readonly table: unknown; readonly text: number } | null = null;

/** Reads the language of each table that is opened. Without the code for it, the language stays unknown. */
effect(() => {
  const now = project.value;
  if (now !== null && read?.table === now.table && read.text === now.text) return;
  const own = now && { table: now.table, text: now.text };
  read = own;
  textLanguages.value = null;
  if (now === null) return;
  void (async () => {
    const { recognise } = await import("../data/recognise.js").catch(() => ({ recognise: null }));
    if (recognise !== null && read === own) textLanguages.value = languagesOf(now.rows, recognise);
  })();
});
