import { FormatError } from "../../../ts/errors/errors.js";
import { parseJson } from "../../../ts/io/json.js";
import { type Kind, kind } from "./kind.js";

const read = (text: string) => parseJson(text, (problem) => new FormatError(problem));
const many = 10_000_000;

export const jsonKinds: Record<string, Kind> = {
  "open brackets": kind({ make: () => "[".repeat(many), read, throws: /^FormatError: .* nested at most 100 levels/ }),
  "brackets in pairs": kind({ make: () => `[${"[],".repeat(1_000_000)}0]`, read }),
  backslashes: kind({ make: () => `"${"\\\\".repeat(many)}"`, read }),
  "backslashes without end": kind({ make: () => `"${"\\\\".repeat(many)}`, read, throws: /^FormatError: / }),
  "quotes in a string": kind({ make: () => `"${'\\"'.repeat(many)}"`, read }),
  "a long number": kind({ make: () => `[${"1".repeat(many)}]`, read, throws: /^FormatError: .* is larger than any/ }),
  "keys of an object": kind({
    make: () => `{${Array.from({ length: 300_000 }, (_, i) => `"k${i}":1`).join()}}`,
    read,
  }),
};
