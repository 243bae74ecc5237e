import { ModelError, UnsupportedError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";

// Values of a config.json: each is read once, checked, and refused by its name.

/** A parsed config.json. */
export type ConfigJson = Readonly<Record<string, unknown>>;

/** Row numbers and sizes go to the kernels as 32-bit numbers. What a model really has is compared with its tensors. */
const MAX_SIZE = 2 ** 31 - 1;

/** A whole number; `fallback` where the file has none. */
export function whole(json: ConfigJson, key: string, least = 1, fallback?: number): number {
  const value = json[key] ?? fallback;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= MAX_SIZE) return value;
  throw new ModelError(
    `config.json: ${key} must be a whole number from ${least} to ${MAX_SIZE}, got ${excerpt(value)}`,
    { key, value },
  );
}

/** What a norm adds to a variance. */
export function epsilon(json: ConfigJson, key: string, fallback = 1e-12): number {
  const value = json[key] ?? fallback;
  // As float32, so that it still keeps a variance of 0 from dividing.
  if (typeof value === "number" && Math.fround(value) > 0 && value < 1) return value;
  throw new ModelError(`config.json: ${key} must be a small positive number, got ${excerpt(value)}`, { key, value });
}

/** One of some words; the first where the file has none. */
export function word<T extends string>(json: ConfigJson, key: string, words: readonly T[]): T {
  const value = json[key] ?? words[0];
  if (words.includes(value as T)) return value as T;
  const known = words.map((name) => `"${name}"`);
  const list = known.length === 1 ? `only ${known[0]} is` : `${known.slice(0, -1).join(", ")} and ${known.at(-1)} are`;
  throw new UnsupportedError(`config.json: ${key} ${excerpt(value)}; ${list} supported`, { key, value });
}

/** True or false; `fallback` where the file has neither. */
export function flag(json: ConfigJson, key: string, fallback: boolean): boolean {
  const value = json[key] ?? fallback;
  if (typeof value === "boolean") return value;
  throw new ModelError(`config.json: ${key} must be true or false, got ${excerpt(value)}`, { key, value });
}

/** A finite number above 0; `fallback` where the file has none, NaN for a number that it must have. */
export function positive(json: ConfigJson, key: string, fallback: number): number {
  const value = json[key] ?? fallback;
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
  const given = Number.isNaN(fallback) ? json[key] : value;
  throw new ModelError(`config.json: ${key} must be a number above 0, got ${excerpt(given)}`, { key, value: given });
}

/** A number as it stands; `fallback` where there is none. */
export function numberOr(json: ConfigJson, key: string, fallback: number): number {
  const value = json[key];
  return typeof value === "number" ? value : fallback;
}

/** Throws `UnsupportedError` where a variant is switched on that is not there. */
export function refuse(json: ConfigJson, key: string): void {
  const value = json[key];
  if (value === undefined || value === null || value === false) return;
  throw new UnsupportedError(`config.json: ${key} ${excerpt(value)} is not supported; false is`, { key, value });
}
