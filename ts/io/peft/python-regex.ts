import { AdapterError } from "../../errors.js";

/** Python's spellings that JavaScript writes differently. */
const spellings: readonly (readonly [RegExp, string])[] = [
  [/\(\?P</g, "(?<"],
  [/\(\?P=(\w+)\)/g, "\\k<$1>"],
  [/\\A/g, "^"],
  [/\\Z/g, "$"],
];

/**
 * A regular expression of an adapter's configuration, which Python's `re` would read, as one of JavaScript.
 * `wrap` puts it where it is matched. Throws `AdapterError` where JavaScript cannot read it.
 */
export function pythonRegExp(source: string, wrap: (source: string) => string): RegExp {
  const flags = /^\(\?([ims]+)\)/.exec(source);
  let pattern = flags ? source.slice(flags[0].length) : source;
  for (const [python, javascript] of spellings) pattern = pattern.replace(python, javascript);
  try {
    // Read alone first, so that an unbalanced bracket cannot hide in the wrapping.
    new RegExp(pattern);
    return new RegExp(wrap(pattern), flags?.[1] ?? "");
  } catch (cause) {
    throw new AdapterError(
      `adapter: ${JSON.stringify(source)} is not a regular expression that can be read`,
      { source },
      { cause },
    );
  }
}

/** Matches the whole text, as `re.fullmatch`. */
export const fullMatch = (source: string) => pythonRegExp(source, (pattern) => `^(?:${pattern})$`);
