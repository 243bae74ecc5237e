import type { AdapterConfig } from "./config.js";
import { fullMatch, pythonRegExp } from "./python-regex.js";

type TargetFields = Pick<
  AdapterConfig,
  "targetModules" | "excludeModules" | "layersToTransform" | "layersPattern" | "modulesToSave"
>;

/** Whether `path` is `name` or ends in it on a dot's boundary. */
export const endsIn = (path: string, name: string) => path === name || path.endsWith(`.${name}`);

/** Whether target_modules is PEFT's shorthand for every linear layer but the output. */
export const isAllLinear = (targets: AdapterConfig["targetModules"]) =>
  typeof targets === "string" && targets.toLowerCase() === "all-linear";

/** Test for paths at or below one of the modules. */
export function within(modules: readonly string[] | null): (path: string) => boolean {
  const patterns = (modules ?? []).map((name) => pythonRegExp(name, (pattern) => `^(?:.*\\.)?(?:${pattern})(?:$|\\.)`));
  return (path) => patterns.some((pattern) => pattern.test(path));
}

/** Test for names (a list) or a regular expression (a string). */
function matcher(targets: readonly string[] | string | null): (path: string) => boolean {
  if (targets === null || targets.length === 0) return () => false;
  if (typeof targets !== "string") return (path) => targets.some((name) => endsIn(path, name));
  const pattern = fullMatch(targets);
  return (path) => pattern.test(path);
}

/** Test for the layers that layers_to_transform keeps. */
function layerFilter({ layersToTransform, layersPattern }: TargetFields): (path: string) => boolean {
  const wanted = typeof layersToTransform === "number" ? [layersToTransform] : (layersToTransform ?? []);
  if (wanted.length === 0) return () => true;
  const stacks = typeof layersPattern === "string" ? [layersPattern] : (layersPattern ?? []);
  const named = stacks.filter((stack) => stack !== "");
  // As PEFT: the stack's name never stands first in a path, and the last number after it counts.
  const patterns = (named.length > 0 ? named : ["[^.]*"]).map((stack) =>
    pythonRegExp(stack, (pattern) => `^.*\\.(?:${pattern})\\.(\\d+)\\.`),
  );
  return (path) => {
    const number = patterns.map((pattern) => pattern.exec(path)?.at(-1)).find((found) => found !== undefined);
    return number !== undefined && wanted.includes(Number(number));
  };
}

/**
 * Test for the module paths that a configuration adapts, by PEFT's rules: a list of names matches whole paths or their ends
 * on a dot's boundary, a string must match the whole path as a regular expression; exclude_modules and modules_to_save are
 * left out; layers_to_transform narrows a list's ends, though not paths that are spelled out in full.
 * "all-linear" takes every path: give it linear layers only.
 * Source: `check_target_module_exists` in peft/tuners/tuners_utils.py.
 */
export function targetTest(config: TargetFields): (path: string) => boolean {
  const { targetModules } = config;
  const excluded = matcher(config.excludeModules);
  const saved = within(config.modulesToSave);
  const kept = (path: string) => !excluded(path) && !saved(path);
  if (isAllLinear(targetModules)) return kept;
  const targeted = matcher(targetModules);
  if (typeof targetModules === "string") return (path) => kept(path) && targeted(path);
  const inLayer = layerFilter(config);
  return (path) => kept(path) && (targetModules.includes(path) || (targeted(path) && inLayer(path)));
}

/**
 * Value of rank_pattern or alpha_pattern for a module: that of the first key that, as a regular expression, matches the
 * path's end on a dot's boundary. Undefined if none does.
 * Source: `get_pattern_key` in peft/utils/other.py.
 */
export function patternValue(patterns: ReadonlyMap<string, number>, path: string): number | undefined {
  for (const [key, value] of patterns)
    if (pythonRegExp(key, (pattern) => `^(?:.*\\.)?(?:${pattern})$`).test(path)) return value;
  return undefined;
}
