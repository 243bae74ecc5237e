import { effect, signal } from "@preact/signals";
import { keep, keptLanguage } from "../state/view.js";
import { de } from "./de.js";
import { en, type Messages } from "./en.js";

/** All languages by their tag. To add one, add files beside these, an entry here, and one in each page that has texts of its own. */
export const languages: Readonly<Record<string, Messages>> = { en, de };

const wanted = [keptLanguage ?? "", ...navigator.languages.map((tag) => tag.split("-")[0]!)];

export const language = signal(wanted.find((tag) => Object.hasOwn(languages, tag)) ?? "en");

/** The texts in the chosen language. */
export const m = () => languages[language.value]!;

/** The same for a page that is loaded on demand with texts of its own. */
export const textsOf =
  <T>(by: Readonly<Record<string, T>>): (() => T) =>
  () =>
    by[language.value] ?? by["en"]!;

effect(() => {
  document.documentElement.lang = language.value;
  document.title = m().title;
});

export function chooseLanguage(tag: string): void {
  language.value = tag;
  keep("language", tag);
}
