// Expressions of well-known tokenizers, which have two repetitions in one alternative: of characters that are never both ones
// or, for \s*[\r\n]+, such that the next alternative takes what it gave up on. A text is so searched in time that grows with
// its length.

const rest = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const words = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
const contractions = [
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)",
  "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])",
] as const;

const withDigits = (digits: string) => contractions.map((start) => `${start}|${words}|${digits}|${rest}`);

/** How Llama 3's texts are parted: digits three by three. */
export const llama3Pattern = withDigits("\\p{N}{1,3}")[1]!;
/** How Qwen's are: each digit by itself. */
export const qwenPattern = withDigits("\\p{N}")[1]!;

const known = new Set([...withDigits("\\p{N}{1,3}"), ...withDigits("\\p{N}")]);

/** Whether an expression is one of these. */
export const isKnownPattern = (source: string): boolean => known.has(source);

/** An expression as the others here spell it: contractions by both letters, where files may have a flag for them. */
export const spelledOut = (source: string): string => source.replace(contractions[0], contractions[1]);
