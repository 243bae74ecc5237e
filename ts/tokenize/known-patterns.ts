// Expressions of well-known tokenizers, which have two repetitions in one alternative: of characters that are never both ones
// or, for \s*[\r\n]+, such that the next alternative takes what it gave up on. A text is so searched in time that grows with
// its length.

const rest = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const words = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
const contractions = [
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)",
  "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])",
] as const;

const withDigits = (digits: string, word = words, others = rest) =>
  contractions.map((start) => `${start}|${word}|${digits}|${others}`);

/** How Llama 3's texts are parted: digits three by three. */
export const llama3Pattern = withDigits("\\p{N}{1,3}")[1]!;
/** How Qwen's are: each digit by itself. */
export const qwenPattern = withDigits("\\p{N}")[1]!;

const [lettersOrMarks, others] = [words.replace("\\p{L}+", "[\\p{L}\\p{M}]+"), rest.replace("\\p{L}", "\\p{L}\\p{M}")];
const marked = withDigits("\\p{N}", lettersOrMarks, others);
/** How Qwen3.5's are: marks belong to words. */
export const qwen35Pattern = marked[1]!;

// Capitals, then small letters; letters that are neither are both, so that the second repetition takes at most what the first gave up on.
const [capital, small] = ["[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]", "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"];
const [start, restWithSlashes] = ["[^\\r\\n\\p{L}\\p{N}]?", rest.replace("[\\r\\n]*", "[\\r\\n/]*")];
const byCase = (end: string, digits: string) =>
  `${start}${capital}*${small}+${end}|${start}${capital}+${small}*${end}|${digits}|${restWithSlashes}`;
const gpt4o = contractions.map((end) => byCase(`${end}?`, "\\p{N}{1,3}"));

/** How texts of GPT-4o's vocabulary are parted, which Phi-4-mini has. */
export const gpt4oPattern = gpt4o[1]!;
/** How Mistral's of the Tekken vocabulary are. */
export const tekkenPattern = byCase("", "\\p{N}");

const known = new Set([...withDigits("\\p{N}{1,3}"), ...withDigits("\\p{N}"), ...marked, ...gpt4o, tekkenPattern]);

/** Whether an expression is one of these. */
export const isKnownPattern = (source: string): boolean => known.has(source);

/** An expression in this file's spelling: contractions with both cases, where files may use a flag. */
export const spelledOut = (source: string): string => source.replaceAll(contractions[0], contractions[1]);
