import { ConfigError } from "../../errors/errors.js";
import { integersOf } from "../../values/number-list.js";
import type { Read } from "../../arguments/options.js";

/** Reads where sequences start, which `checkOffsets` checks. */
export const offsets: Read<Int32Array> = (what, name, value) => integersOf(what, name, value as number[]).data;

/**
 * Throws `ConfigError` unless `offsets` cut `tokens` rows into sequences: 0 first, `tokens` last, none less than the one
 * before it.
 */
export function checkOffsets(name: string, offsets: Int32Array, tokens: number): void {
  const last = offsets.length - 1;
  if (last < 0 || offsets[0] !== 0 || offsets[last] !== tokens) {
    const got = last < 0 ? "none" : `${offsets[0]} to ${offsets[last]}`;
    throw new ConfigError(`${name}: offsets must go from 0 to the ${tokens} rows there are, got ${got}`, {
      option: "offsets",
      value: [...offsets],
      length: tokens,
    });
  }
  const place = offsets.findIndex((offset, i) => offset < offsets[i - 1]!);
  if (place >= 0) {
    const fall = `${offsets[place - 1]}, ${offsets[place]}`;
    const details = { option: "offsets", value: [...offsets], place };
    throw new ConfigError(`${name}: offsets must not fall, got ${fall} at place ${place}`, details);
  }
}
