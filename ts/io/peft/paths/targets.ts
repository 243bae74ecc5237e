import { WorkLimit } from "../../pattern/index.js";
import type { AdapterConfig } from "../config/config.js";
import { atOrBelow, layerNumber, type PathTest, pathText, type PathText, wholePath } from "./path-patterns.js";

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

type TargetFields = Pick<
  AdapterConfig,
  "targetModules" | "excludeModules" | "layersToTransform" | "layersPattern" | "modulesToSave"
>;

/** Whether target_modules is PEFT's shorthand for every linear layer except the output. */
export const isAllLinear = (targets: AdapterConfig["targetModules"]) =>
  typeof targets === "string" && targets.toLowerCase() === "all-linear";

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
function matcher(targets: readonly string[] | string | null, work: WorkLimit): (module: Module) => boolean {
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
  const excluded = matcher(config.excludeModules, work);
  const saved = (config.modulesToSave ?? []).map((name) => atOrBelow(name, work));
  const all = isAllLinear(targetModules);
  const targeted = all ? () => true : matcher(targetModules, work);
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
