import { parse, tokenize } from "@huggingface/jinja";

/** transformers' own statements that mark the assistant's text; they print nothing. */
const generation = /{%(-?)\s*(?:end)?generation\s*(-?)%}(\s*)/g;

/**
 * Prepares a template's source as the library does, in linear time: for each `generation` statement, the library's own pattern scans all
 * the white space that follows, once for each character of it.
 */
function preprocessed(source: string): string {
  const text = (source.endsWith("\n") ? source.slice(0, -1) : source)
    .replace(/^[ \t]*({[#%-])/gm, "$1")
    .replace(/([#%-]})\n/g, "$1");
  let [result, copied] = ["", 0];
  for (const { 0: match, 1: trimsBefore, 2: trimsAfter, 3: after, index } of text.matchAll(generation)) {
    const before = text.slice(copied, index);
    result += (trimsBefore === "" ? before : before.trimEnd()) + (trimsAfter === "" ? after! : "");
    copied = index + match.length;
  }
  return result + text.slice(copied);
}

/** A template's syntax tree. Throws the library's errors. */
export function parsed(source: string): unknown {
  const text = preprocessed(source);
  // The library would prepare the source again, in its own way: it uses only these two methods of it.
  const done = { endsWith: () => false, replace: () => text };
  return parse(tokenize(done));
}
