import { parse, tokenize } from "@huggingface/jinja";

/** Statements of transformers' own that mark what an assistant says; nothing is written for them. */
const generation = /{%(-?)\s*(?:end)?generation\s*(-?)%}(\s*)/g;

/**
 * What the library makes of a template's source before it reads it, in time proportional to its length: the library's own pattern for the
 * `generation` statements looks at all white space that follows, once for each character of it.
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

/** A template's syntax tree. Throws what the library throws. */
export function parsed(source: string): unknown {
  const text = preprocessed(source);
  // The library would do the same again, in its own way: it asks its source for these two alone.
  const done = { endsWith: () => false, replace: () => text };
  return parse(tokenize(done));
}
