import type { ScriptTokens } from "./data-summary.js";
import { type Script, scriptWords } from "./script-words.js";
import type { TokenCounter } from "./token-counter.js";

/** Texts of a part that are looked at, evenly spread. */
const TEXTS = 1000;
/** From so many letters on, what a script's words are cut into says something. */
const LETTERS = 50;
/** Of so many letters a text's words are measured at once: no model needs more tokens than they have bytes. */
const MOST = 8192;

/**
 * Letters a token below which a model is taken not to know words of a script. Measured on Unicode's names of emoji in 110 languages: an
 * English WordPiece gives Russian, Greek, Arabic or Hebrew 1.0 to 1.25, Hindi 0.9, Korean 0.5; a multilingual BPE 1.55 to 2.7, 1.05 to
 * 1.26 and 1.0. Chinese, Japanese and others, in which a character may be a word, are told by tokens that are unknown or are bytes.
 */
const BOUNDS: Readonly<Partial<Record<Script, number>>> = {
  ...{ Cyrillic: 1.4, Greek: 1.4, Arabic: 1.4, Hebrew: 1.4, Armenian: 1.4, Georgian: 1.4 },
  ...{ Devanagari: 1, Bengali: 1, Tamil: 1, Telugu: 1, Gujarati: 1, Kannada: 1, Malayalam: 1, Thai: 1 },
  ...{ Hangul: 0.75, Ethiopic: 0.4 },
};
const BYTES = 0.5;
/** Above this share of unknown tokens a model does not know a script either. */
const UNKNOWN = 0.3;
/**
 * The same for Latin letters: English, tweets too, has 3.7 to 4.8 letters a token of a model for it, French 2.9, German 2.6, Polish 2.1.
 * A model of many languages has as few in its rarer ones, and is not judged by it.
 */
const LATIN = 3;
/** Words that a model of many languages has in whole or in a few pieces, one for Latin letters alone letter by letter. */
const PROBE = "русский язык история города который человек работа время страна новый";

/** Tokens that are a text's own, and how many of them are unknown. */
type Measure = (text: string) => { readonly tokens: number; readonly unknown: number };

/** What a script's words come to in the texts seen so far. */
interface Sum {
  letters: number;
  tokens: number;
  unknown: number;
  /** Texts most of whose letters are of it. */
  texts: number;
}

/** Collects what the words of texts are cut into, by script. */
export class ScriptCount {
  private readonly sums = new Map<Script, Sum>();
  private readonly measure: Measure;
  private readonly every: number;
  private seen = 0;

  /** @param texts how many there will be */
  constructor(counter: TokenCounter, texts: number) {
    const { tokens: around } = counter.measure("", MOST);
    this.measure = (text) => {
      const { tokens, unknown } = counter.measure(text, MOST);
      return { tokens: Math.max(0, tokens - around), unknown };
    };
    this.every = Math.max(1, Math.ceil(texts / TEXTS));
  }

  /** Looks at the text, or leaves it out where there are many. */
  add(text: string, place: number): void {
    if (place % this.every !== 0) return;
    this.seen++;
    const words = [...scriptWords(text)];
    const most = Math.max(0, ...words.map(([, { letters }]) => letters));
    for (const [script, { letters, text: own }] of words) {
      let sum = this.sums.get(script);
      if (sum === undefined) this.sums.set(script, (sum = { letters: 0, tokens: 0, unknown: 0, texts: 0 }));
      const { tokens, unknown } = this.measure(own);
      sum.letters += letters;
      sum.tokens += tokens;
      sum.unknown += unknown;
      if (letters === most) sum.texts++;
    }
  }

  /** Every script that most letters of a text are of, the most frequent first. */
  result(): ScriptTokens[] {
    const all = [...this.sums].filter(([, { texts, tokens }]) => texts > 0 && tokens > 0);
    const isOfMany = () => this.lettersOfProbe() >= BOUNDS.Cyrillic!;
    return all
      .sort(([, a], [, b]) => b.texts - a.texts)
      .map(([script, { letters, tokens, unknown, texts }]) => {
        const [lettersPerToken, strange] = [letters / tokens, unknown / tokens];
        const bound =
          script === "Latin" ? (lettersPerToken < LATIN && isOfMany() ? 0 : LATIN) : (BOUNDS[script] ?? BYTES);
        const known = letters < LETTERS || (lettersPerToken >= bound && strange <= UNKNOWN);
        return { script, share: texts / this.seen, lettersPerToken, unknown: strange, known };
      });
  }

  private lettersOfProbe(): number {
    const { tokens, unknown } = this.measure(PROBE);
    return unknown > UNKNOWN * tokens ? 0 : PROBE.replaceAll(" ", "").length / Math.max(1, tokens);
  }
}
