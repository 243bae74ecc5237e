import { compilePattern, matchStart, WorkLimit } from "../pattern/match.js";
import { parsePattern } from "../pattern/parse.js";
import { anything, choice, classes, exactly, repeat, sequence, type Syntax } from "../pattern/syntax.js";
import type { AdapterConfig } from "./config.js";

type TargetFields = Pick<
  AdapterConfig,
  "targetModules" | "excludeModules" | "layersToTransform" | "layersPattern" | "modulesToSave"
>;

/**
 * Tests whether a configuration adapts a module, by PEFT's rules: names in a list match whole paths or their ends after a dot; a string
 * must match the whole path as a regular expression; exclude_modules and modules_to_save are excluded; layers_to_transform restricts a
 * list's matches, except whole paths. "all-linear" matches every path: pass linear layers only. Throws `AdapterError` or `UnsupportedError`
 * for an invalid regular expression. Matching takes time in proportion to the path, and ends with an `AdapterError` if a pattern makes it
 * too long. Source: `check_target_module_exists` in peft/tuners/tuners_utils.py.
 */
export function targetTest(config: TargetFields): (path: string) => boolean {
  const { targetModules } = config;
  const work = new WorkLimit();
  const excluded = moduleMatcher(config.excludeModules, work);
  const saved = (config.modulesToSave ?? []).map((name) => atOrBelow(name, work));
  const all = isAllLinear(targetModules);
  const targeted = all ? () => true : moduleMatcher(targetModules, work);
  const inLayer = typeof targetModules === "string" ? () => true : layerFilter(config, work);
  const spelledOut = new Set(typeof targetModules === "string" ? [] : targetModules);
  return (path) => {
    work.path();
    const text = pathText(path);
    const module = { path, text };
    if (excluded(module) || saved.some((test) => test(text))) return false;
    return spelledOut.has(path) || (targeted(module) && inLayer(text));
  };
}

/** Whether target_modules is PEFT's shorthand for every linear layer except the output. */
export const isAllLinear = (targets: AdapterConfig["targetModules"]) =>
  typeof targets === "string" && targets.toLowerCase() === "all-linear";

/** Finds names that a path ends with, at a dot. The time depends only on the path, since an adapter may list a name for every module. */
export class NameEnds {
  private readonly names: ReadonlySet<string>;
  private readonly lengths: ReadonlySet<number>;
  private readonly longest: number;

  constructor(names: Iterable<string>) {
    this.names = new Set(names);
    this.lengths = new Set([...this.names].map((name) => name.length));
    this.longest = [...this.lengths].reduce((most, length) => Math.max(most, length), 0);
  }

  /** Whether `path` is one of the names. */
  hasWhole(path: string): boolean {
    return this.names.has(path);
  }

  /** Yields the names that `path` is or ends in, shortest first. */
  *of(path: string): Generator<string> {
    for (let dot = path.length; dot >= 0;) {
      dot = dot === 0 ? -1 : path.lastIndexOf(".", dot - 1);
      const length = path.length - dot - 1;
      if (length > this.longest) return;
      if (!this.lengths.has(length)) continue;
      const end = path.slice(dot + 1);
      if (this.names.has(end)) yield end;
    }
  }

  /** Whether `path` is one of the names or ends in one. */
  has(path: string): boolean {
    return this.of(path).next().done !== true;
  }
}

/**
 * Tests for paths at or below a module that is trained as a whole: a path that ends with one of the names, not only at a dot ("final_norm"
 * ends with "norm"). The time depends only on the path.
 */
export function savedWhole(modules: readonly string[] | null): (path: string) => boolean {
  const names = new Set(modules ?? []);
  const lengths = new Set([...names].map((name) => name.length));
  return (path) => {
    for (let end = path.indexOf("."); ; end = path.indexOf(".", end + 1)) {
      const module = end < 0 ? path : path.slice(0, end);
      for (const length of lengths)
        if (length <= module.length && names.has(module.slice(module.length - length))) return true;
      if (end < 0) return false;
    }
  };
}

interface Module {
  readonly path: string;
  readonly text: PathText;
}

/** Test for names (a list) or a regular expression (a string). */
function moduleMatcher(targets: readonly string[] | string | null, work: WorkLimit): (module: Module) => boolean {
  if (targets === null || targets.length === 0) return () => false;
  if (typeof targets === "string") {
    const test = wholePath(targets, work);
    return ({ text }) => test(text);
  }
  const ends = new NameEnds(targets);
  return ({ path }) => ends.has(path);
}

/** Tests for the layers that layers_to_transform selects. */
function layerFilter({ layersToTransform, layersPattern }: TargetFields, work: WorkLimit): PathTest {
  const wanted = new Set(typeof layersToTransform === "number" ? [layersToTransform] : (layersToTransform ?? []));
  if (wanted.size === 0) return () => true;
  const stacks = typeof layersPattern === "string" ? [layersPattern] : (layersPattern ?? []);
  const named = stacks.filter((stack) => stack !== "");
  const numbers = (named.length > 0 ? named : [null]).map((stack) => layerNumber(stack, work));
  return (text) => {
    const number = numbers.map((read) => read(text)).find((found) => found !== undefined);
    return number !== undefined && wanted.has(number);
  };
}

/** A module path as patterns see it. */
interface PathText {
  readonly codes: readonly number[];
  readonly oneLine: boolean;
}

/** A path's code points. */
function pathText(path: string): PathText {
  return { codes: Array.from(path, (character) => character.codePointAt(0)!), oneLine: !path.includes("\n") };
}

/** Whether a path matches. */
type PathTest = (path: PathText) => boolean;

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

function pathMatcher(tree: Syntax, work: WorkLimit) {
  const program = compilePattern(tree);
  work.compiled(program.length);
  return ({ codes }: PathText) => matchStart(program, codes, work);
}

function test(tree: Syntax, work: WorkLimit): PathTest {
  const match = pathMatcher(tree, work);
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

/** A regular expression that matches only one module's path. */
export const pathPattern = (path: string) => path.replace(/[^\w]/g, "\\$&");

/** Matches the whole path, as `re.fullmatch`. */
const wholePath = (source: string, work: WorkLimit) => test(sequence(parsePattern(source), textEnd), work);

/** Matches the path's end on a dot's boundary. */
const pathEnd = (source: string, work: WorkLimit) => test(sequence(before, parsePattern(source), end), work);

/** Matches paths at or below what the pattern matches. */
const atOrBelow = (source: string, work: WorkLimit) =>
  test(sequence(before, parsePattern(source), choice(end, dot)), work);

/**
 * The number after a stack of layers, undefined if the path is outside of it; null for a stack of any name. As in PEFT, the first number
 * counts, and a stack of any name is never first in a path.
 */
function layerNumber(source: string | null, work: WorkLimit): (path: PathText) => number | undefined {
  const number: Syntax = { kind: "capture", item: repeat(one(classes.get("d")!), 1, Infinity) };
  const first = repeat(one(anything(false)), 0, Infinity, true);
  const begin: Syntax = { kind: "assert", place: "start" };
  const stack =
    source === null
      ? [first, dot, repeat(one(notDot), 0, Infinity)]
      : [choice(begin, sequence(first, dot)), parsePattern(source)];
  const match = pathMatcher(sequence(...stack, dot, number, dot), work);
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
