import { effect, signal } from "@preact/signals";
import { keep, keptLanguage } from "../state/view.js";
import { de } from "./de.js";
import { en, type Messages } from "./en.js";

/** Every language there is, by its tag. Another is files beside these, a line here, and one for each page that brings its own texts. */
export const languages: Readonly<Record<string, Messages>> = { en, de };

const wanted = [keptLanguage ?? "", ...navigator.languages.map((tag) => tag.split("-")[0]!)];

export const language = signal(wanted.find((tag) => Object.hasOwn(languages, tag)) ?? "en");

/** The texts in the language that is chosen. */
export const m = () => languages[language.value]!;

/** The same of a page that is fetched when it is opened, and brings its texts with it. */
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
