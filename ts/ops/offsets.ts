import { ConfigError } from "../errors.js";

/**
 * Throws `ConfigError` unless `offsets` cut `tokens` rows into sequences: 0 first, `tokens` last, none less than the one
 * before it.
 */
export function checkOffsets(name: string, offsets: Int32Array, tokens: number): void {
  const last = offsets.length - 1;
  if (last < 0 || offsets[0] !== 0 || offsets[last] !== tokens) {
    const got = last < 0 ? "none" : `${offsets[0]} to ${offsets[last]}`;
    throw new ConfigError(`${name}: offsets must go from 0 to the ${tokens} rows there are, got ${got}`, { tokens });
  }
  for (let i = 1; i <= last; i++) {
    if (offsets[i]! < offsets[i - 1]!) {
      const message = `${name}: offsets must be whole numbers that don't fall, got ${offsets[i - 1]}, ${offsets[i]}`;
      throw new ConfigError(message, { place: i });
    }
  }
}
