import { ConfigError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";

/** Throws `ConfigError` for a range outside a tensor's bytes. */
export function checkTensorRange(file: string, tensor: string, bytes: number, begin: number, end: number): void {
  if (Number.isSafeInteger(begin) && Number.isSafeInteger(end) && 0 <= begin && begin <= end && end <= bytes) return;
  throw new ConfigError(
    `${clip(file)}: tensor ${excerpt(tensor)} has ${bytes} bytes, ${excerpt(begin)} to ${excerpt(end)} were asked for`,
    { file, tensor, begin, end },
  );
}
