import { effect, signal } from "@preact/signals";
import { keep, keptLanguage } from "../state/view.js";

/** All languages by their tag, with their own names. To add one, add a folder beside these, and an entry to each area's texts. */
export const languages = { en: "English", de: "Deutsch", fr: "Français", es: "Español" } as const;
export type Language = keyof typeof languages;

const isLanguage = (tag: string): tag is Language => Object.hasOwn(languages, tag);
const wanted = [keptLanguage ?? "", ...navigator.languages.map((tag) => tag.split("-")[0]!)];

export const language = signal<Language>(wanted.find(isLanguage) ?? "en");
effect(() => {
  document.documentElement.lang = language.value;
});

/** Loads an area's texts in a language, once. */
const areas: ((tag: Language) => Promise<void>)[] = [];

/** The texts of a page or of a part of the Studio. They are loaded with the page, in the chosen language only (`textsLoaded`). */
export function textsOf<T>(by: Readonly<Record<Language, () => Promise<T>>>): () => T {
  const loaded = new Map<Language, Promise<T>>();
  const ready = new Map<Language, T>();
  const load = async (tag: Language) => {
    if (!loaded.has(tag)) loaded.set(tag, by[tag]());
    try {
      ready.set(tag, await loaded.get(tag)!);
    } catch (error) {
      // The next call tries again.
      loaded.delete(tag);
      throw error;
    }
  };
  areas.push(load);
  // Failures are those of `textsLoaded`.
  load(language.peek()).catch(() => undefined);
  return () => ready.get(language.value)!;
}

async function loadAll(tag: Language): Promise<void> {
  // While this waits, another page may add its texts.
  for (let done = 0; done < areas.length;) {
    const waited = areas.slice(done);
    await Promise.all(waited.map((load) => load(tag)));
    done += waited.length;
  }
}

/** Resolves when all texts of the code that is loaded are there in the chosen language. */
export async function textsLoaded(): Promise<void> {
  let tag;
  do await loadAll((tag = language.peek()));
  while (tag !== language.peek());
}

/** The texts of the steps. */
export const m = textsOf({
  en: async () => (await import("./en/main.js")).en,
  de: async () => (await import("./de/main.js")).de,
  fr: async () => (await import("./fr/main.js")).fr,
  es: async () => (await import("./es/main.js")).es,
});

let last: Language | undefined;

/** Changes the language once its texts are loaded, and keeps it for the next visit. If they cannot be loaded, nothing changes. */
export async function chooseLanguage(tag: Language): Promise<void> {
  last = tag;
  await loadAll(tag);
  // Another language may have been chosen meanwhile.
  if (last !== tag) return;
  language.value = tag;
  keep("language", tag);
}
