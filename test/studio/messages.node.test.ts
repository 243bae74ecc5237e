// @needs browser
// @rest studio
import { readdir } from "node:fs/promises";
import { expect, it } from "vitest";

const folder = new URL("../../web/src/messages/", import.meta.url);
const others = ["de", "fr", "es"] as const;
const tags = ["en", ...others] as const;
type Tag = (typeof tags)[number];

/** Stands for what a text is given; a count of 7 is plural in each language. */
const given = Array.from({ length: 8 }, (_, i) => `{${i}}`);

/** A text with counts in the places that cannot be words. */
function said(make: (...values: unknown[]) => unknown): string {
  const tries: unknown[][] = [given, given.map((one) => [one]), given.map((_, i) => 7 + i), given.map((_, i) => (i === 0 ? { low: 7, high: 9 } : "")), [7, ...given]]; // prettier-ignore
  for (const values of tries) {
    try {
      const text = make(...values.slice(0, Math.max(make.length, 1)));
      if (typeof text === "string" && !/NaN|undefined|\[object/.test(text)) return text;
    } catch {
      // Another kind of value is expected.
    }
  }
  throw new Error(`no value fits ${String(make)}`);
}

/** All texts of an area by their path. Functions are called. */
function textsIn(value: unknown, path = ""): [path: string, text: string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") return [[path, said(value as (...values: unknown[]) => unknown)]];
  return Object.entries(value as object).flatMap(([name, inner]) => textsIn(inner, `${path}.${name}`));
}

const areas = (await readdir(new URL("en/", folder))).filter((name) => name !== "numbers.ts");
const all = Object.fromEntries(
  await Promise.all(
    tags.map(async (tag) => {
      const texts = await Promise.all(
        areas.map(async (area) => {
          const [content] = Object.values((await import(new URL(`${tag}/${area}`, folder).href)) as object);
          return textsIn(content, area.replace(".ts", ""));
        }),
      );
      return [tag, new Map(texts.flat())] as const;
    }),
  ),
) as Record<Tag, Map<string, string>>;

it("every language has every text, and no other", async () => {
  for (const tag of others) {
    expect((await readdir(new URL(`${tag}/`, folder))).sort()).toEqual((await readdir(new URL("en/", folder))).sort());
    expect([...all[tag].keys()].sort(), tag).toEqual([...all.en.keys()].sort());
  }
  expect(all.en.size).toBeGreaterThan(700);
});

/** What a text was given, in the order of the alphabet: languages put it in different orders. */
const placesIn = (text: string) => (text.match(/\{\d\}|\b(?:[789]|1[0-4])\b/g) ?? []).sort();

it("every text says what it is given, in every language", () => {
  const lost = others.flatMap(
    (tag) =>
    [...all[tag]].filter(([path, text]) => new Set(placesIn(text)).size !== new Set(placesIn(all.en.get(path)!)).size).map(([path, text]) => `${tag} ${path}: ${text} | ${all.en.get(path)!}`), // prettier-ignore
  );
  expect(lost).toEqual([]);
});

it("no text is left in English", () => {
  // Words that a sentence in English has, and other languages have not.
  const english = /\b(the|of|and|with|your|this|from|are|is|not|rows?|text you)\b/i;
  const left = others.flatMap(
    (tag) =>
    [...all[tag]].filter(([path, text]) => (text === all.en.get(path) && /\p{L}{3,} \p{L}{3,}/u.test(text)) || english.test(text.replace(/https?:\S+|[\w-]+\.(?:json|safetensors|gguf)|«[^»]*»/g, ""))).map(([path, text]) => `${tag} ${path}: ${text}`), // prettier-ignore
  );
  expect(left.filter((one) => !allowed.some((known) => one.includes(known)))).toEqual([]);
});
/** Where a technical word is explained, or belongs: settings under Details, the chat's adapters, the first line of a model card. */
const technical = /^(main\.train\.field|chat\.|card\.intro|kernels\.)/;

it("sentences of the main path have no words of fine-tuning", () => {
  const words = { en: /adapter|\bhead\b|base model|perplex/i, de: /adapter|\bkopf\b|basismodell|perplex/i, fr: /adaptateur|modèle de base|perplex/i, es: /adaptador|modelo base|perplej/i }; // prettier-ignore
  for (const tag of tags)
    expect([...all[tag]].filter(([path, text]) => !technical.test(path) && words[tag].test(text))).toEqual([]);
});

/** Names, which no language translates, and what is said to models that know only English. */
const allowed = [
  "JSON Lines",
  "JSON Schema",
  "name, description",
  "chat.examples",
  "chat.instructionsExample",
  "compare.first.",
  "compare.second.",
];

it("French has the same space, which does not break, before : ; ? ! and inside its quotation marks, and Spanish opens its questions", () => {
  const own = (tag: Tag) => [...all[tag]].filter(([path]) => !allowed.some((known) => path.startsWith(known)));
  const isWrong = (text: string) =>
    /(?<!\u00a0)[:;?!%]|(?<!\d)\u202f|«(?!\u00a0)|(?<!\u00a0)»|'/.test(
      text.replace(/https?:\/\/|\{"[^}]*\}|\d:\d/g, ""),
    );
  expect(own("fr").filter(([, text]) => isWrong(text))).toEqual([]);
  for (const [path, text] of own("es"))
    for (const [open, close] of ["¿?", "¡!"] as const)
      expect(text.split(open!).length, `${path}: ${text}`).toBe(text.split(close!).length);
});

it("texts address a person in one way: Sie, vous, usted", () => {
  const familiar = { de: /\b(du|dein\w*|dich|dir|euch|euer)\b/i, fr: /\b(tu|ton|tes|toi|t’)\b/i, es: /\b(tú|tu|tus|te|contigo|vosotros|vuestr\w+)\b/i }; // prettier-ignore
  for (const tag of others) expect([...all[tag]].filter(([, text]) => familiar[tag].test(text))).toEqual([]);
});
