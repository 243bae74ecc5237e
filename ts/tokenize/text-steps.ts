import { excerpt } from "../errors/excerpt.js";
import { isJsonObject, type Json } from "../io/json.js";
import { punctuationBehaviors } from "./bert-steps.js";
import { type Field, type JsonObject, stepType } from "./checks.js";
import { isKnownPattern } from "./known-patterns.js";

/** Ways in which the bounded parts of one alternative may match: optional characters, counts, choices in groups. */
const MAX_WAYS = 256;

/** Longest expression; tokenizers' are some hundred characters. */
const MAX_LENGTH = 1000;

/**
 * Alternatives of language models' tokenizers with two repetitions that take no more time than one: the second cannot match what the first
 * matches, or the search continues after all of it.
 */
const harmless = [
  String.raw`\s*[\r\n]+`,
  String.raw` ?[^\s\p{L}\p{N}]+[\r\n]*`,
  String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`,
];

/** The expression with "x" in their place. */
const withoutHarmless = (source: string) =>
  harmless.reduce((rest, part) => rest.replaceAll(`|${part}|`, "|x|"), `|${source}|`).slice(1, -1);

/** An element of an expression: its end and, for a repetition, how it may match. */
function part(source: string, at: number): { end: number; unbounded?: boolean; ways?: number; refused?: boolean } {
  const ahead = source.slice(at, at + 64);
  const escape = /^\\(?:[pPxu]\{[^}]*\}|[^])/u.exec(ahead);
  // A digit or a name would refer back to a group.
  if (escape) return { end: at + escape[0].length, refused: /^\\[1-9k]/.test(ahead) };
  // Look-around and flags open with a question mark that repeats nothing.
  if (ahead.startsWith("(?")) return { end: at + 2 };
  if (/^\)[*+?{]/.test(ahead)) return { end: at + 1, refused: true };
  const counted = /^\{(\d*)(,?)(\d*)\}/.exec(ahead);
  if (counted) {
    const [text, low, comma, high] = counted as unknown as [string, string, string, string];
    const refused = low.length > 2 || high.length > 2;
    const ways = high === "" ? 1 : Math.max(1, Number(high) - Number(low) + 1);
    return { end: at + text.length, unbounded: comma !== "" && high === "", ways, refused };
  }
  if (ahead.startsWith("*") || ahead.startsWith("+")) return { end: at + 1, unbounded: true };
  return ahead.startsWith("?") ? { end: at + 1, ways: 2 } : { end: at + 1 };
}

/**
 * Whether a regular expression searches any text in time that grows with the square of its length at most: every
 * alternative has one unbounded repetition at most and few ways to match otherwise, and no group is repeated. JavaScript's
 * own backtracks, and another expression could keep it busy for ever.
 */
function isSimpleRegex(expression: string): boolean {
  if (expression.length > MAX_LENGTH) return false;
  const source = withoutHarmless(expression);
  let [unbounded, ways, depth] = [0, 1, 0];
  let inSet = false;
  for (let i = 0; i < source.length;) {
    const character = source[i]!;
    if (inSet && character !== "\\") {
      inSet = character !== "]";
      i++;
      continue;
    }
    const found = part(source, i);
    if (found.refused) return false;
    if (!inSet) {
      if (character === "[") inSet = true;
      else if (character === "(") depth++;
      else if (character === ")") depth--;
      else if (character === "|" && depth === 0) [unbounded, ways] = [0, 1];
      else if (character === "|") ways *= 2;
      if (found.unbounded) unbounded++;
      ways *= found.ways ?? 1;
      if (unbounded > 1 || ways > MAX_WAYS) return false;
    }
    i = found.end;
  }
  return true;
}

/** The steps of a sequence, or the step itself. */
export const stepsOf = (step: Json | undefined, list: "normalizers" | "pretokenizers"): readonly Json[] =>
  stepType(step) === "Sequence"
    ? ((step as JsonObject)[list] as readonly Json[]).flatMap((one) => stepsOf(one, list))
    : isJsonObject(step)
      ? [step]
      : [];

/** Steps one after the other, and how much longer all replacements together may make a text. */
const MAX_STEPS = 32;
const MAX_GROWTH = 64;

/** Factor by which earlier steps may have lengthened a text. */
interface Growth {
  factor: number;
  steps: number;
}

/** A pattern as `{ "String": … }` or `{ "Regex": … }`; the least number of characters that it matches. */
function checkPattern(pattern: Field): number {
  pattern.object();
  const [text, regex] = [pattern.at("String"), pattern.at("Regex")];
  if (regex.value === undefined) {
    if (text.text() === "") throw text.wrong("a string that is not empty");
    return text.text().length;
  }
  if (!isSimpleRegex(regex.text()) && !isKnownPattern(regex.text()))
    throw regex.unsupported("a regular expression with several repetitions is not supported: it could take for ever");
  return 1;
}

function checkReplace(step: Field, growth: Growth): void {
  const least = checkPattern(step.at("pattern"));
  const content = step.at("content").insert();
  // One more for a regular expression that matches between characters.
  const isText = step.at("pattern").at("Regex").value === undefined;
  growth.factor *= Math.max(1, isText ? content.length / least : content.length + 1);
  if (growth.factor > MAX_GROWTH)
    throw step.unsupported(`replacements that make texts over ${MAX_GROWTH} times as long`);
}

const plainNormalizers = ["NFC", "NFD", "NFKC", "NFKD", "StripAccents", "Lowercase"];

/** Checks a normalizer, or a sequence of them. */
export function checkNormalizer(step: Field, growth: Growth = { factor: 1, steps: 0 }): void {
  if (step.value === null) return;
  if (++growth.steps > MAX_STEPS) throw step.unsupported(`more than ${MAX_STEPS} steps`);
  const type = step.at("type").text();
  if (plainNormalizers.includes(type)) return;
  if (type === "Sequence") for (const item of step.at("normalizers").items(MAX_STEPS)) checkNormalizer(item, growth);
  else if (type === "Replace") checkReplace(step, growth);
  else if (type === "Prepend") step.at("prepend").insert();
  else if (type === "Precompiled") step.at("precompiled_charsmap").textOrNone();
  else if (type === "Strip") for (const name of ["strip_left", "strip_right"]) step.at(name).flag();
  else if (type === "BertNormalizer")
    for (const name of ["clean_text", "handle_chinese_chars", "strip_accents", "lowercase"]) step.at(name).flag();
  else throw step.at("type").unsupported(`the normalizer ${excerpt(type)} is not supported`);
}

const plainPreTokenizers = ["BertPreTokenizer", "Whitespace", "WhitespaceSplit"];

/** Checks a pre-tokenizer, or a sequence of them. */
export function checkPreTokenizer(step: Field, growth: Growth = { factor: 1, steps: 0 }): void {
  if (step.value === null) return;
  if (++growth.steps > MAX_STEPS) throw step.unsupported(`more than ${MAX_STEPS} steps`);
  const type = step.at("type").text();
  if (plainPreTokenizers.includes(type)) return;
  if (type === "Sequence")
    for (const item of step.at("pretokenizers").items(MAX_STEPS)) checkPreTokenizer(item, growth);
  else if (type === "Punctuation") step.at("behavior").oneOf(punctuationBehaviors);
  else if (type === "Replace") checkReplace(step, growth);
  else if (type === "Split") {
    checkPattern(step.at("pattern"));
    step.at("invert").flag();
    step.at("behavior").oneOf(punctuationBehaviors);
  } else if (type === "Metaspace") {
    for (const name of ["replacement", "str_rep"]) {
      growth.factor *= Math.max(1, step.at(name).insert().length);
      if (growth.factor > MAX_GROWTH) throw step.at(name).wrong("a short string");
    }
    step.at("split").flag();
    step.at("prepend_scheme").oneOf(["always", "first", "never"]);
  } else if (type === "ByteLevel")
    for (const name of ["add_prefix_space", "trim_offsets", "use_regex"]) step.at(name).flag();
  else if (type === "Digits") step.at("individual_digits").flag();
  else if (type === "FixedLength") step.at("length").whole(1, 2 ** 31);
  else throw step.at("type").unsupported(`the pre-tokenizer ${excerpt(type)} is not supported`);
}

function checkTemplate(step: Field): void {
  let texts = 0;
  for (const item of step.at("single").items(MAX_STEPS)) {
    item.object();
    const [special, sequence] = [item.at("SpecialToken"), item.at("Sequence")];
    if (sequence.value === undefined) special.at("id").text();
    else if (sequence.at("id").text() === "A") texts++;
    else throw sequence.at("id").wrong('"A"');
  }
  if (texts !== 1) throw step.at("single").wrong("a template that has the text once");
}

/** Checks a post-processor, which adds special tokens; it must contain the text's tokens once, unchanged. */
export function checkPostProcessor(step: Field, growth: Growth = { factor: 1, steps: 0 }): void {
  if (step.value === null) return;
  if (++growth.steps > MAX_STEPS) throw step.unsupported(`more than ${MAX_STEPS} steps`);
  const type = step.at("type").text();
  if (type === "ByteLevel") return;
  if (type === "TemplateProcessing") checkTemplate(step);
  else if (type === "Sequence")
    for (const item of step.at("processors").items(MAX_STEPS)) checkPostProcessor(item, growth);
  else if (type === "BertProcessing" || type === "RobertaProcessing") {
    for (const name of ["cls", "sep"]) {
      const [token, id] = step.at(name).items(2);
      if (!token || !id) throw step.at(name).wrong("a token and its id");
      token.text();
    }
  } else throw step.at("type").unsupported(`the post-processor ${excerpt(type)} is not supported`);
}
