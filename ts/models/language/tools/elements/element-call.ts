import type { Types } from "../../../../constraint/schema/value-types.js";
import { type Characters, NotACall, type Reading } from "../characters.js";
import { elementValue } from "./element-value.js";

/** Gets a call while it is read. */
export interface CallSink {
  /** The name of a function. Throws `NotACall` for another one. */
  known(name: string): string;
  /** Types of a function's argument. */
  typesOf(name: string, argument: string): Types;
  /** A call, with the first characters of its arguments. */
  begin(name: string, given: string): void;
  /** Further characters of its arguments. */
  add(characters: string): void;
}

const LONGEST_NAME = 64;

/**
 * Reads `<function=f>`, a `<parameter=a>` for each argument, and `</function>`. The text between an argument's marks is a string as it is, but
 * for a line break at either end, or the value of another type. Strings are passed on as they come, other arguments when they are complete.
 */
export function* elementCall(from: Characters, to: CallSink): Reading {
  yield* from.expect("<function=");
  const name = to.known(yield* from.word(/[\w.-]/, LONGEST_NAME));
  yield* from.expect(">");
  yield* from.space();
  yield* from.expect("<");
  const seen = new Set<string>();
  while (from.char !== "/") {
    yield* from.expect("parameter=");
    const argument = yield* from.word(/[^<>\n]/);
    if (argument === "" || seen.has(argument)) throw new NotACall();
    yield* from.expect(">");
    const isFirst = seen.size === 0;
    const give = (text: string) => {
      if (isFirst) to.begin(name, `{${text}`);
      else to.add(`,${text}`);
      from.raw = "";
    };
    yield* argumentValue(from, to, `${JSON.stringify(argument)}:`, to.typesOf(name, argument), give);
    seen.add(argument);
    yield* from.space();
    yield* from.expect("<");
  }
  yield* from.expect("/function>");
  if (seen.size === 0) to.begin(name, "{}");
  else to.add("}");
}

/** @param give gets the beginning of the argument */
function* argumentValue(
  from: Characters,
  to: CallSink,
  key: string,
  types: Types,
  give: (text: string) => void,
): Reading {
  if (types.size === 1 && types.has("string")) {
    give(`${key}"`);
    yield* content(
      from,
      () => undefined,
      (text) => to.add(escaped(text)),
    );
    to.add('"');
  } else {
    let whole = "";
    yield* content(
      from,
      (character) => (from.raw += character),
      (text) => (whole += text),
    );
    give(key + elementValue(whole, types));
  }
  from.raw = "";
}

const END = "</parameter>";
const ENDS = [END, `\n${END}`];
const begins = (text: string) => ENDS.some((end) => end.startsWith(text));

/**
 * Reads up to an argument's end, which is left out as are the line breaks next to the marks.
 * @param read gets each character, `give` those of the argument
 */
function* content(from: Characters, read: (character: string) => void, give: (text: string) => void): Reading {
  if (from.char === "\n") yield* from.next();
  // What may be the end.
  let waiting = "";
  from.copy = (character) => {
    read(character);
    const next = waiting + character;
    waiting = begins(next) ? next : begins(character) ? character : "";
    if (waiting.length < next.length) give(next.slice(0, next.length - waiting.length));
  };
  while (!ENDS.includes(waiting)) {
    if (from.char === "") throw new NotACall();
    yield* from.next();
  }
  from.copy = null;
}

/** Characters within a string of JSON; half a character stays half of one. */
const escaped = (text: string) =>
  Array.from(text, (one) => (one < " " || one === '"' || one === "\\" ? JSON.stringify(one).slice(1, -1) : one)).join(
    "",
  );
