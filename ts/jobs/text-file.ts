import { ConfigError } from "../errors/errors.js";

/** Characters that a string of JavaScript holds at most in every runtime. */
export const LONGEST_TEXT = 2 ** 29 - 24;

/** The text of a file. Throws `ConfigError` where it is too long for a string, or not UTF-8. */
export function decode(bytes: Uint8Array, file: string): string {
  if (bytes.length > LONGEST_TEXT) {
    throw new ConfigError(`${file}: at most ${LONGEST_TEXT} bytes can be read, it has ${bytes.length}: split it`, {
      file,
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ConfigError(`${file}: UTF-8 text is expected, these bytes are something else`, { file }, { cause });
  }
}
