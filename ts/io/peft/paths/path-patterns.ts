import {
  anything,
  choice,
  classes,
  compilePattern,
  exactly,
  matchStart,
  parsePattern,
  repeat,
  sequence,
  type Syntax,
  WorkLimit,
} from "../../pattern/index.js";

/** A module path as patterns see it. */
export interface PathText {
  readonly codes: readonly number[];
  readonly oneLine: boolean;
}

/** A path's code points. */
export function pathText(path: string): PathText {
  return { codes: Array.from(path, (character) => character.codePointAt(0)!), oneLine: !path.includes("\n") };
}

/** Whether a path matches. */
export type PathTest = (path: PathText) => boolean;

const DOT = 0x2e;
const ZERO = 0x30;
const one = (set: (code: number) => boolean): Syntax => ({ kind: "set", set });
const dot = one(exactly(DOT));
const notDot = (code: number) => code !== DOT;
const many = repeat(one(anything(false)), 0, Infinity);
const textEnd: Syntax = { kind: "assert", place: "textEnd" };
const end: Syntax = { kind: "assert", place: "end" };
/** Matches nothing, or all before a dot. */
const before = repeat(sequence(many, dot), 0, 1);

function matcher(tree: Syntax, work: WorkLimit) {
  const program = compilePattern(tree);
  work.compiled(program.length);
  return ({ codes }: PathText) => matchStart(program, codes, work);
}

function test(tree: Syntax, work: WorkLimit): PathTest {
  const match = matcher(tree, work);
  return (path) => match(path) !== null;
}

/** Whether a pattern is a name of letters, digits and dots (which match any character). Such a pattern needs no regular expression. */
const isName = (source: string) => /^[\w.-]*$/.test(source);

/** Whether a path of one line ends in a name on a dot's boundary. */
function endsInName(name: string, { codes }: PathText, work: WorkLimit): boolean {
  const start = codes.length - name.length;
  work.spend(1);
  if (start < 0 || (start > 0 && codes[start - 1] !== DOT)) return false;
  let i = name.length - 1;
  while (i >= 0 && (name.charCodeAt(i) === DOT || name.charCodeAt(i) === codes[start + i])) i--;
  work.spend(name.length - i);
  return i < 0;
}

/** Matches the whole path, as `re.fullmatch`. */
export const wholePath = (source: string, work: WorkLimit) => test(sequence(parsePattern(source), textEnd), work);

/** Matches the path's end on a dot's boundary. */
const pathEnd = (source: string, work: WorkLimit) => test(sequence(before, parsePattern(source), end), work);

/** Matches paths at or below what the pattern matches. */
export const atOrBelow = (source: string, work: WorkLimit) =>
  test(sequence(before, parsePattern(source), choice(end, dot)), work);

/**
 * The number after a stack of layers, undefined if the path is outside of it; null for a stack of any name. As in PEFT, the first number
 * counts, and a stack of any name is never first in a path.
 */
export function layerNumber(source: string | null, work: WorkLimit): (path: PathText) => number | undefined {
  const number: Syntax = { kind: "capture", item: repeat(one(classes.get("d")!), 1, Infinity) };
  const first = repeat(one(anything(false)), 0, Infinity, true);
  const begin: Syntax = { kind: "assert", place: "start" };
  const stack =
    source === null
      ? [first, dot, repeat(one(notDot), 0, Infinity)]
      : [choice(begin, sequence(first, dot)), parsePattern(source)];
  const match = matcher(sequence(...stack, dot, number, dot), work);
  return (path) => {
    const found = match(path);
    if (found === null) return undefined;
    return path.codes.slice(found.begin, found.end).reduce((value, code) => 10 * value + (code - ZERO), 0);
  };
}

interface Entry {
  readonly key: string;
  readonly value: number;
  /** Place among the keys: the first that matches counts. */
  readonly index: number;
  /** Compiled on first use, as in Python: a key after the matching one may be invalid. */
  test?: PathTest;
}

/** The first of the names that the path ends in, by the lengths of what follows its dots. */
function firstName(names: ReadonlyMap<number, readonly Entry[]>, path: PathText, work: WorkLimit): Entry | undefined {
  let first: Entry | undefined;
  for (let length = 1; length <= path.codes.length; length++) {
    const before = path.codes.length - length - 1;
    if (before >= 0 && path.codes[before] !== DOT) continue;
    const found = names.get(length)?.find(({ key }) => endsInName(key, path, work));
    if (found && (first === undefined || found.index < first.index)) first = found;
  }
  return first;
}

/**
 * Value of rank_pattern or alpha_pattern for a module: that of the first key that, as a regular expression, matches the
 * path's end on a dot's boundary. Undefined if none does. Errors as `targetTest`'s.
 * Source: `get_pattern_key` in peft/utils/other.py.
 */
export function patternValues(patterns: ReadonlyMap<string, number>): (path: string) => number | undefined {
  const entryOf = entryFinder(patterns);
  return (path) => entryOf(path)?.value;
}

/** Keys without effect, because they match no module or an earlier key does. Throws as `targetTest`. */
export function idleKeys(patterns: ReadonlyMap<string, number>, paths: Iterable<string>): string[] {
  const entryOf = entryFinder(patterns);
  const idle = new Set(patterns.keys());
  for (const path of paths) {
    if (idle.size === 0) break;
    idle.delete(entryOf(path)?.key ?? "");
  }
  return [...idle];
}

function entryFinder(patterns: ReadonlyMap<string, number>): (path: string) => Entry | undefined {
  if (patterns.size === 0) return () => undefined;
  const work = new WorkLimit();
  const entries: Entry[] = [...patterns].map(([key, value], index) => ({ key, value, index }));
  // Adapters may have a key for every module, most of them names: those are looked up by their length.
  const names = new Map<number, Entry[]>();
  for (const entry of entries) {
    if (entry.key === "" || !isName(entry.key)) continue;
    const alike = names.get(entry.key.length);
    if (alike) alike.push(entry);
    else names.set(entry.key.length, [entry]);
  }
  const others = entries.filter(({ key }) => key === "" || !isName(key));
  return (path) => {
    work.path();
    const text = pathText(path);
    const matches = (entry: Entry) => (entry.test ??= pathEnd(entry.key, work))(text);
    if (!text.oneLine) return entries.find(matches);
    const name = firstName(names, text, work);
    const other = others.find((entry) => entry.index > (name?.index ?? Infinity) || matches(entry));
    return other && other.index < (name?.index ?? Infinity) ? other : name;
  };
}
