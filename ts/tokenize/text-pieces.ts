import { isJsonObject, type Json } from "../io/json.js";
import { type JsonObject, stepType } from "./checks.js";
import { CHINESE, condense, type CondenseRules } from "./bert-steps.js";
import { isKnownPattern } from "./known-patterns.js";
import { stepsOf } from "./text-steps.js";
import { MAX_PIECE } from "./tokenizer-file.js";

/** Characters after which a text is cut at the next place that can be; few texts are as long. */
const PIECE = 4096;

/** Added tokens that are looked for around a cut. */
const MAX_ADDED = 2000;

/** Cuts a text into pieces whose tokens, one after the other, are the text's. */
export type TextCutter = (text: string) => Iterable<string>;

/** The text as a whole: for tokenizers that look at all of it at once. */
const uncut: TextCutter = (text) => [text];

interface AddedToken {
  readonly content: string;
  /** Whether a token is also looked for in normalized text. */
  readonly normalized: boolean;
  /** Whether it includes the white space after it, or matches only at the end of a word. */
  readonly looksAhead: boolean;
}

function addedTokens(json: Json | undefined): AddedToken[] {
  return ((json ?? []) as readonly JsonObject[]).map(({ content, special, normalized, rstrip, single_word }) => ({
    content: content as string,
    looksAhead: rstrip === true || single_word === true,
    normalized: (normalized as boolean | null | undefined) ?? special !== true,
  }));
}

/** Whether no added token in the text crosses a position. */
function freePlaces(added: readonly AddedToken[]) {
  const byFirst = new Map<string, string[]>();
  for (const { content } of added) byFirst.set(content[0]!, [...(byFirst.get(content[0]!) ?? []), content]);
  const longest = added.reduce((most, { content }) => Math.max(most, content.length), 0);
  return (text: string, at: number) => {
    for (let start = Math.max(0, at - longest + 1); start < at; start++)
      for (const content of byFirst.get(text[start]!) ?? [])
        if (start + content.length > at && text.startsWith(content, start)) return false;
    return true;
  };
}

/** Cuts a text at places that an expression with the flag "g" finds, into pieces of at least so many characters, except the last. */
export function* cutAt(
  text: string,
  places: RegExp,
  piece: number,
  isFree: (text: string, at: number) => boolean = () => true,
): Generator<string> {
  let start = 0;
  while (text.length - start > piece) {
    places.lastIndex = start + piece;
    let place = places.exec(text);
    while (place !== null && !isFree(text, place.index)) place = places.exec(text);
    if (place === null) break;
    yield text.slice(start, place.index);
    start = place.index;
  }
  yield text.slice(start);
}

const isOn = (step: Json | undefined, name: string) => isJsonObject(step) && step[name] === true;

/**
 * Positions at which the input of BERT's steps can be split: before white space, punctuation and Chinese characters, each of which ends the
 * word before it. None of them combines with the preceding text when accents are removed.
 */
function bertPlaces({ splitsChinese, stripsMarks }: CondenseRules): RegExp {
  const spaces = " \\t\\n\\r\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
  const signs = stripsMarks ? "\\u2260\\u226e\\u226f\\u1fef" : "";
  return new RegExp(`[${spaces}${splitsChinese ? CHINESE : ""}${signs}\\p{P}$+<=>^\`|~]`, "gu");
}

/** Added tokens that do not touch what BERT's steps do to a text around them: "[MASK]", "<s>". */
const standsApart = ({ content }: AddedToken) => /^[[<][\x20-\x7e]*[\]>]$/.test(content);

function bertCutter(normalizer: Json | undefined, model: JsonObject, added: readonly AddedToken[]): TextCutter {
  const isFree = freePlaces(added);
  const lowers = isOn(normalizer, "lowercase");
  const strips = isJsonObject(normalizer) ? normalizer["strip_accents"] : false;
  const rules: CondenseRules = {
    stripsMarks: strips === true || (lowers && strips !== false),
    cleans: isOn(normalizer, "clean_text"),
    splitsChinese: isOn(normalizer, "handle_chinese_chars"),
    longestWord: (model["max_input_chars_per_word"] as number | null | undefined) ?? 100,
  };
  const condensable = added.every(standsApart);
  const places = bertPlaces(rules);
  return function* (text) {
    for (const piece of cutAt(text, places, PIECE, isFree)) {
      const isLong = piece.length > 2 * PIECE || /\p{M}{33}/u.test(piece);
      if (!condensable) yield piece;
      else if (/\P{White_Space}/u.test(piece)) yield isLong ? condense(piece, rules) : piece;
    }
  };
}

/** Normalizers that see no further than the next white space. */
const localNormalizers = ["NFC", "NFD", "NFKC", "NFKD", "StripAccents", "Lowercase", "Precompiled"];

function isLocal(step: Json): boolean {
  if (localNormalizers.includes(stepType(step) as string)) return true;
  const pattern = stepType(step) === "Replace" ? (step as JsonObject)["pattern"] : undefined;
  if (!isJsonObject(pattern)) return false;
  return pattern["Regex"] === " {2,}" || /^\S+$/.test(String(pattern["String"] ?? ""));
}

/** Pre-tokenizers that part words at white space before all else, and treat every word alike. */
function partsAtSpace([first, second, ...others]: readonly Json[]): boolean {
  if (stepType(first) !== "WhitespaceSplit" || others.length > 0) return false;
  const scheme = isJsonObject(second) ? (second["prepend_scheme"] ?? "always") : null;
  return second === undefined || (stepType(second) === "Metaspace" && scheme !== "first");
}

/** A Metaspace alone, for which a text without the space that it begins with, and one with it, are the same. */
function partsAtSign([step, ...others]: readonly Json[]): boolean {
  if (stepType(step) !== "Metaspace" || !isJsonObject(step) || others.length > 0) return false;
  return step["split"] !== false && (step["prepend_scheme"] ?? "always") === "always";
}

/**
 * Byte-level words as GPT-2 parts them, perhaps after digits, or by the expression of a well-known tokenizer: one of several spaces goes with the
 * next word, and nothing looks across a single one.
 */
export function isByteLevel(words: readonly Json[]): boolean {
  const [first, ...others] = words.slice(0, -1);
  const last = words.at(-1);
  if (stepType(last) !== "ByteLevel" || !isJsonObject(last) || others.length > 0) return false;
  if (last["use_regex"] !== false) return first === undefined || stepType(first) === "Digits";
  if (stepType(first) !== "Split" || !isJsonObject(first)) return false;
  const { pattern, behavior, invert } = first;
  const regex = isJsonObject(pattern) ? pattern["Regex"] : undefined;
  return typeof regex === "string" && isKnownPattern(regex) && behavior === "Isolated" && invert !== true;
}

/** How texts can be split for a tokenizer, by the parts of its file. */
export function textCutter({ normalizer, pre_tokenizer, model, added_tokens }: JsonObject): TextCutter {
  const added = addedTokens(added_tokens);
  const isBert = normalizer === null || stepType(normalizer) === "BertNormalizer";
  const isWordPiece = isBert && stepType(pre_tokenizer) === "BertPreTokenizer" && stepType(model) === "WordPiece";
  const words = stepsOf(pre_tokenizer, "pretokenizers");
  const [atSpace, atSign] = [partsAtSpace(words), partsAtSign(words)];
  // In normalized text a token is not looked for here. Where texts are cut at white space, one without it cannot reach across a cut;
  // elsewhere one of letters and digits alone.
  const inPiece = atSpace || atSign ? /^[!-~]*$/ : /^[a-zA-Z0-9]*$/;
  const crosses = ({ content, normalized }: AddedToken) =>
    content.length > MAX_PIECE || (normalized ? !inPiece.test(content) : /^.+\s/s.test(content));
  if (added.length > MAX_ADDED || added.some(crosses)) return uncut;
  if (isWordPiece) return bertCutter(normalizer, model as JsonObject, added);
  const steps = stepsOf(normalizer, "normalizers");
  // White space at the ends of a text is removed, so a text is split at single spaces between words.
  const strips = steps.some((step) => stepType(step) === "Strip");
  if (!steps.every((step) => isLocal(step) || (stepType(step) === "Strip" && (atSpace || atSign)))) return uncut;
  const free = freePlaces(added);
  // The space comes first in each expression: a search for it takes a tenth of the time.
  const looksAhead = added.some((token) => token.looksAhead);
  if (isByteLevel(words) && !looksAhead) return (text) => cutAt(text, / (?<=\S )(?=\S)/g, PIECE, free);
  if (atSpace && !strips) return (text) => cutAt(text, /[ \t\n\r](?<!\s[ \t\n\r])/g, PIECE, free);
  if ((atSpace || atSign) && !looksAhead)
    return (text) => cutAt(text, / (?<=[\p{L}\p{N}!-~] )(?=[\p{L}\p{N}!-~])/gu, PIECE, free);
  return uncut;
}

/** The places before each of which a text can be cut for a normalizer, so that what it makes of the pieces is what it makes of the text. */
export type Places = RegExp | null;

/**
 * Characters that join or reorder with what comes before them when a text is normalised by Unicode's forms: marks, vowels of Thai,
 * Lao and Kirat Rai, vowels and ends of Korean syllables, and halfwidth forms of these. Halves of pairs are none to cut at either.
 */
const JOINING = "\\p{M}\\p{Cs}\\u0e33\\u0eb3\\u1160-\\u11ff\\u3131-\\u318e\\uff9e-\\uffdc\\u{16d40}-\\u{16d7f}";

/** Where a text can be cut for a normalizer of tokenizer.json; null for nowhere. */
export function normalizerPlaces(step: Json): Places {
  const type = stepType(step) as string;
  if (["NFC", "NFD", "NFKC", "NFKD", "StripAccents", "Lowercase", "BertNormalizer"].includes(type))
    return new RegExp(`[^${JOINING}]`, "gu");
  if (type !== "Replace") return null;
  const { String: text, Regex: regex } = (step as JsonObject)["pattern"] as JsonObject;
  const found = regex === " {2,}" ? " " : text;
  // No place where it is found has a character that it does not have.
  return typeof found === "string" ? new RegExp(`[^\\p{Cs}${escapedSet(found)}]`, "gu") : null;
}

const escapedSet = (characters: string) =>
  Array.from(characters, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`).join("");
