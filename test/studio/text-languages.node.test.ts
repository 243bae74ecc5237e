// @needs browser
// @rest studio
import { expect, it } from "vitest";
import { recognise } from "../../web/src/data/recognise.js";
import { CHARACTERS, isForeign, languagesOf, sampleOf, TEXTS } from "../../web/src/data/text-languages.js";

const german = [
  "Das Paket ist nie angekommen.",
  "Kann ich auf Rechnung zahlen?",
  "Ich warte noch auf meine Bestellung",
  "Der Drucker zieht kein Papier ein",
  "Wann bekomme ich mein Geld zurück?",
];
const english = [
  "The parcel never arrived.",
  "Can I pay by invoice?",
  "I am still waiting for my order",
  "The printer does not pull in the paper",
  "When do I get my money back?",
];
const of = (texts: readonly string[]) => languagesOf(sampleOf(texts), recognise);
const times = (count: number, texts: readonly string[]) => Array.from({ length: count }, () => texts).flat();

it("a table's language is told, and how much of the table has it", () => {
  expect(of(german)).toEqual({ kind: "one", languages: ["de"] });
  expect(of(english)).toEqual({ kind: "one", languages: ["en"] });
  expect(of([...times(3, german), ...english])).toEqual({ kind: "mostly", languages: ["de"] });
  expect(of([...times(100, german), ...times(100, english)])).toMatchObject({ kind: "mixed" });
  expect(of(["荷物が届きませんでした。", "請求書で支払えますか?"])).toEqual({ kind: "one", languages: ["ja"] });
  expect(of(["Je n’ai jamais reçu mon colis.", "Puis-je payer sur facture ?"])).toEqual({ kind: "one", languages: ["fr"] }); // prettier-ignore
});

it("texts that are too short to tell are said to be so, or only perhaps in the language that they seem to be in together", () => {
  expect(of([])).toEqual({ kind: "unsure", languages: [] });
  expect(of(["INV-2291", "4711", "ok", "https://example.org/de/Paket", "a@example.org"])).toEqual({ kind: "unsure", languages: [] }); // prettier-ignore
  // One word each.
  const words = ["Paket", "Geld", "kaputt", "wann", "nicht", "Rechnung", "Drucker", "zurück", "warten", "Bestellung", "danke", "schnell", "und", "auch", "gestern"]; // prettier-ignore
  expect(of(words)).toEqual({ kind: "perhaps", languages: ["de"] });
});

it("a multilingual model is offered unless the texts are in English", () => {
  expect([of(english), of(german), of([...times(4, german), ...times(4, english)])].map(isForeign)).toEqual([false, true, true]); // prettier-ignore
  expect(isForeign({ kind: "mostly", languages: ["en"] })).toBe(false);
});

it("of a large table, evenly spaced texts are read, each to its first characters", () => {
  const few = german.slice(0, 3);
  expect(sampleOf([...few, " ", ""])).toEqual(few);
  const rows = Array.from({ length: 20_000 }, (_, i) => `${i} ${german[i % 5]!.repeat(100)}`);
  const sample = sampleOf(rows);
  expect(sample).toHaveLength(TEXTS);
  expect(sample.map(parseFloat)).toEqual(Array.from({ length: TEXTS }, (_, i) => (i * 20_000) / TEXTS));
  let characters = 0;
  const found = languagesOf(sample, (text) => {
    characters += text.length;
    return recognise(text);
  });
  expect(found).toEqual({ kind: "one", languages: ["de"] });
  expect(characters).toBe(TEXTS * CHARACTERS);
  // Where no text is recognised by itself, all of the sample is read once more.
  characters = 0;
  languagesOf(sample, (text) => ({ language: "", isSure: ((characters += text.length), false) }));
  expect(characters).toBe(2 * TEXTS * CHARACTERS + TEXTS - 1);
});
