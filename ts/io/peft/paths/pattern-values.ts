import { WorkLimit } from "../../pattern/index.js";
import { endsInName, isName, pathEnd, pathText } from "./path-patterns.js";
import type { PathTest, PathText } from "./path-patterns.js";

interface Entry {
  readonly key: string;
  readonly value: number;
  /** Place among the keys: the first that matches counts. */
  readonly index: number;
  /** Compiled on first use, as in Python: a key after the matching one may be invalid. */
  test?: PathTest;
}

const DOT = 0x2e;

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
