import type { Example } from "../example.js";
import { type ScriptTokens, spreadOf, type TokenLengths } from "./data-summary.js";

/** Counts tokens: an encoder's `tokenizer`. */
export interface TokenCounter {
  /** Length in tokens to which texts are truncated. */
  readonly maxTokens: number;
  /** Number of tokens of a text, special ones included, and of unknown ones. It may stop counting at `most`. */
  measure(text: string, most: number): { readonly tokens: number; readonly unknown: number };
}

/** Number of texts of a split to examine, evenly spread. */
const SAMPLED_TEXTS = 1000;
/** The fewest letters of a script for a judgement. */
const FEWEST_LETTERS = 50;
/** Letters of a text's words to tokenize at once: no model needs more tokens than they have bytes. */
const MOST = 8192;

/**
 * Letters per token below which a model is assumed not to know the words of a script. Measured on Unicode's names of emoji in 110
 * languages: an English WordPiece gives Russian, Greek, Arabic or Hebrew 1.0 to 1.25, Hindi 0.9, Korean 0.5; a multilingual BPE 1.55 to
 * 2.7, 1.05 to 1.26 and 1.0. Chinese, Japanese and others, in which a character may be a word, are judged by unknown tokens and byte
 * tokens.
 */
const BOUNDS: Readonly<Partial<Record<Script, number>>> = {
  Cyrillic: 1.4,
  Greek: 1.4,
  Arabic: 1.4,
  Hebrew: 1.4,
  Armenian: 1.4,
  Georgian: 1.4,
  Devanagari: 1,
  Bengali: 1,
  Tamil: 1,
  Telugu: 1,
  Gujarati: 1,
  Kannada: 1,
  Malayalam: 1,
  Thai: 1,
  Hangul: 0.75,
  Ethiopic: 0.4,
};
const BYTES = 0.5;
/** Above this share of unknown tokens a model does not know a script either. */
const UNKNOWN = 0.3;
/**
 * Least Latin letters per token: with an English model, English, tweets included, has 3.7 to 4.8 letters per token, French 2.9, German 2.6,
 * Polish 2.1. A multilingual model has as few in its rarer languages, so it is not judged by this.
 */
const LATIN = 3;
/** Words that a multilingual model tokenizes in one or few pieces, and a model for Latin letters letter by letter. */
const PROBE = "русский язык история города который человек работа время страна новый";

/** Tokens of a text without special ones, and how many are unknown. */
type Measure = (text: string) => { readonly tokens: number; readonly unknown: number };

/** Counts of a script in the texts so far. */
interface Sum {
  letters: number;
  tokens: number;
  unknown: number;
  /** Texts with most letters in it. */
  texts: number;
}

/** Counts the tokens of words by script. */
class ScriptCount {
  private readonly sums = new Map<Script, Sum>();
  private readonly measure: Measure;
  private readonly every: number;
  private seen = 0;

  /** @param texts their total number */
  constructor(counter: TokenCounter, texts: number) {
    const { tokens: around } = counter.measure("", MOST);
    this.measure = (text) => {
      const { tokens, unknown } = counter.measure(text, MOST);
      return { tokens: Math.max(0, tokens - around), unknown };
    };
    this.every = Math.max(1, Math.ceil(texts / SAMPLED_TEXTS));
  }

  /** Examines the text, or skips it if there are many. */
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

  /** The scripts of the texts, the most frequent first. */
  result(): ScriptTokens[] {
    const all = [...this.sums].filter(([, { texts, tokens }]) => texts > 0 && tokens > 0);
    const isOfMany = () => this.lettersOfProbe() >= BOUNDS.Cyrillic!;
    return all
      .sort(([, a], [, b]) => b.texts - a.texts)
      .map(([script, { letters, tokens, unknown, texts }]) => {
        const [lettersPerToken, strange] = [letters / tokens, unknown / tokens];
        const bound =
          script === "Latin" ? (lettersPerToken < LATIN && isOfMany() ? 0 : LATIN) : (BOUNDS[script] ?? BYTES);
        const known = letters < FEWEST_LETTERS || (lettersPerToken >= bound && strange <= UNKNOWN);
        return { script, share: texts / this.seen, lettersPerToken, unknown: strange, known };
      });
  }

  private lettersOfProbe(): number {
    const { tokens, unknown } = this.measure(PROBE);
    return unknown > UNKNOWN * tokens ? 0 : PROBE.replaceAll(" ", "").length / Math.max(1, tokens);
  }
}

/** The distinguished scripts, by their Unicode names; letters of others are "other". */
const NAMES = [
  "Latin",
  "Cyrillic",
  "Greek",
  "Arabic",
  "Hebrew",
  "Devanagari",
  "Han",
  "Kana",
  "Hangul",
  "Thai",
  "Bengali",
  "Tamil",
  "Telugu",
  "Gujarati",
  "Gurmukhi",
  "Kannada",
  "Malayalam",
  "Sinhala",
  "Georgian",
  "Armenian",
  "Ethiopic",
  "Khmer",
  "Lao",
  "Myanmar",
  "other",
] as const;

/** A script by its Unicode name; "Kana" is Hiragana and Katakana. */
type Script = (typeof NAMES)[number];

const patterns = NAMES.slice(0, -1).map((name): [Script, RegExp] => [
  name,
  new RegExp(name === "Kana" ? "[\\p{Script=Hiragana}\\p{Script=Katakana}ー]" : `\\p{Script=${name}}`, "u"),
]);

/** Cache: script by code point. */
const met = new Map<number, Script>();

function scriptOf(letter: string): Script {
  const code = letter.codePointAt(0)!;
  let script = met.get(code);
  if (script === undefined) {
    script = patterns.find(([, pattern]) => pattern.test(letter))?.[0] ?? "other";
    met.set(code, script);
  }
  return script;
}

/** Characters of a text to examine. */
const LOOKED_AT = 1000;
/** Strings that are no words of a language: addresses, code, names with digits. */
const NO_WORD = /[\d_@#/\\=<>{}()[\]$%^*|~`]|\p{Ll}\p{Lu}|[.:&]\p{L}/u;
const LETTERS = /[\p{L}\p{M}]+/gu;

/** Words of one script in a text, joined by spaces. */
interface ScriptWords {
  /** Number of letters without combining marks. */
  letters: number;
  text: string;
}

/** The words at the beginning of a text, by script. */
function scriptWords(text: string): Map<Script, ScriptWords> {
  const found = new Map<Script, ScriptWords>();
  for (const chunk of text.slice(0, LOOKED_AT).split(/\s+/)) {
    if (NO_WORD.test(chunk)) continue;
    for (const [word] of chunk.matchAll(LETTERS)) {
      let last: Script | null = null;
      for (const letter of word) {
        const isMark = /\p{M}/u.test(letter);
        const script: Script = isMark && last !== null ? last : scriptOf(letter);
        let words = found.get(script);
        if (words === undefined) found.set(script, (words = { letters: 0, text: "" }));
        words.text += script === last || words.text === "" ? letter : ` ${letter}`;
        if (!isMark) words.letters++;
        last = script;
      }
    }
  }
  return found;
}

/** The most texts of a split to tokenize, and the tokens up to which each is counted at least. */
const TEXTS = 20_000;
const TOKENS = 4096;

/** The most tokens to count in a text. */
export const mostCounted = (maxTokens: number) => Math.max(TOKENS, 2 * maxTokens);

/**
 * Lengths of texts in tokens. For more than 20,000 texts, of an even sample; a text is counted up to 4,096 tokens or twice `maxTokens`.
 * @param breathe awaited before each text, with the number done
 */
export async function tokenLengths(
  examples: readonly Pick<Example, "text">[],
  counter: TokenCounter,
  maxTokens: number,
  breathe: (done: number) => Promise<void> | undefined,
): Promise<TokenLengths> {
  const texts = Math.min(examples.length, TEXTS);
  const most = mostCounted(maxTokens);
  const lengths: number[] = [];
  const scripts = new ScriptCount(counter, texts);
  let [all, strange, cut] = [0, 0, 0];
  for (let i = 0; i < texts; i++) {
    const pause = breathe(i);
    if (pause !== undefined) await pause;
    const { text } = examples[Math.floor((i * examples.length) / texts)]!;
    const { tokens, unknown } = counter.measure(text, most);
    lengths.push(Math.min(tokens, most));
    all += tokens;
    strange += unknown;
    if (tokens > maxTokens) cut++;
    scripts.add(text, i);
  }
  const shares = { cut: cut / Math.max(1, texts), unknown: strange / Math.max(1, all) };
  return { ...spreadOf(lengths), texts, maxTokens, ...shares, scripts: scripts.result() };
}
