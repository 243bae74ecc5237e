/** What was found out about the language of a table's texts. */
export interface TextLanguages {
  /**
   * "one": nearly all texts are in the first language; "mostly": most are; "mixed": several languages; "perhaps": the texts are too short
   * to be recognised one by one, but together they look like the first language; "unsure": nothing can be said.
   */
  readonly kind: "one" | "mostly" | "mixed" | "perhaps" | "unsure";
  /** BCP 47 tags, the most frequent first: one, or for "mixed" up to three; none for "unsure". */
  readonly languages: readonly string[];
}

/** Recognises the language of a text, such as the package `eld`. */
export type Recognise = (text: string) => { readonly language: string; readonly isSure: boolean };

/** Most texts that are read, and characters read of each. @internal */
export const [TEXTS, CHARACTERS] = [200, 400];
/** Fewest letters that can be recognised. */
const LETTERS = 8;
/** Share of the texts that must be recognised, and of them in one language for "one" and "mostly"; smallest share of one that is named. */
const [RECOGNISED, ONE, MOSTLY, NAMED] = [0.4, 0.9, 0.6, 0.15];

/** Evenly spaced texts of a table, cut, without addresses, which have no language. */
export function sampleOf(all: readonly string[]): string[] {
  const texts = all.filter((text) => /\S/.test(text));
  const every = Math.max(1, texts.length / TEXTS);
  return Array.from({ length: Math.min(TEXTS, texts.length) }, (_, i) =>
    texts[Math.floor(i * every)]!.slice(0, CHARACTERS).replace(/https?:\S+|\S+@\S+/g, " "),
  );
}

/** Signs of Chinese, Japanese and Korean, which say more than letters. */
const SIGNS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
const lettersIn = (text: string) => text.match(/\p{L}/gu)?.length ?? 0;
const unsure: TextLanguages = { kind: "unsure", languages: [] };

/** The language of the texts of a sample. */
export function languagesOf(texts: readonly string[], recognise: Recognise): TextLanguages {
  const counts = new Map<string, number>();
  let recognised = 0;
  for (const text of texts) {
    if (lettersIn(text) < (SIGNS.test(text) ? 2 : LETTERS)) continue;
    const { language, isSure } = recognise(text);
    if (!isSure) continue;
    counts.set(language, (counts.get(language) ?? 0) + 1);
    recognised++;
  }
  if (recognised === 0 || recognised < RECOGNISED * texts.length) {
    const all = texts.join("\n");
    if (lettersIn(all) < 10 * LETTERS) return unsure;
    const { language, isSure } = recognise(all);
    return isSure ? { kind: "perhaps", languages: [language] } : unsure;
  }
  const known = [...counts].sort(([, a], [, b]) => b - a).map(([tag, count]) => ({ tag, share: count / recognised }));
  const [first] = known as [(typeof known)[number]];
  if (first.share >= MOSTLY) return { kind: first.share >= ONE ? "one" : "mostly", languages: [first.tag] };
  const named = known.filter(({ share }) => share >= NAMED).slice(0, 3);
  return named.length < 2 ? unsure : { kind: "mixed", languages: named.map(({ tag }) => tag) };
}

/** Whether a model that knows only English misses much: most of the texts are, or seem to be, in other languages. */
export const isForeign = ({ languages }: TextLanguages): boolean => languages.some((tag) => tag !== "en");
