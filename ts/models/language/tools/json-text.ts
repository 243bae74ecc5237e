import { type Characters, NotACall, type Reading } from "./characters.js";

/** Deepest objects and lists within each other, as messages may have them. */
export const DEEPEST = 60;

const LITERAL = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

/** Whether a word is a number, a boolean or null in JSON. */
export const isLiteral = (word: string): boolean => LITERAL.test(word);

/** Reads a value of JSON. Throws `NotACall` for anything else. */
export function* jsonValue(from: Characters, depth = 0): Reading {
  if (from.char === '"') return void (yield* jsonString(from));
  if (from.char === "{" || from.char === "[") return yield* jsonGroup(from, depth);
  if (!isLiteral(yield* from.word(/[-+.\w]/))) throw new NotACall();
}

/** An object or a list. */
function* jsonGroup(from: Characters, depth: number): Reading {
  if (depth === DEEPEST) throw new NotACall();
  const isObject = from.char === "{";
  const end = isObject ? "}" : "]";
  yield* from.next();
  yield* from.space();
  for (let isFirst = true; isFirst || from.char !== end; isFirst = false) {
    if (isFirst && from.char === end) break;
    if (!isFirst) {
      yield* from.expect(",");
      yield* from.space();
    }
    if (isObject) yield* jsonKey(from);
    yield* jsonValue(from, depth + 1);
    yield* from.space();
  }
  yield* from.next();
}

/** A key and the colon behind it. */
export function* jsonKey(from: Characters): Reading<string> {
  const key = yield* jsonString(from);
  yield* from.space();
  yield* from.expect(":");
  yield* from.space();
  return key;
}

/** A string; returns its value. */
export function* jsonString(from: Characters): Reading<string> {
  let written = '"';
  yield* from.expect('"');
  while (from.char !== '"') {
    if (from.char < " ") throw new NotACall();
    const escaped = from.char === "\\";
    written += from.char;
    yield* from.next();
    if (!escaped) continue;
    if (from.char === "" || !'"\\/bfnrtu'.includes(from.char)) throw new NotACall();
    const digits = from.char === "u" ? 4 : 0;
    written += from.char;
    yield* from.next();
    for (let i = 0; i < digits; i++) {
      if (!/[0-9a-fA-F]/.test(from.char)) throw new NotACall();
      written += from.char;
      yield* from.next();
    }
  }
  yield* from.next();
  return JSON.parse(`${written}"`) as string;
}
