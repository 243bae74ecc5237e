/** Characters that a message spends on one thing that came. */
const LIMIT = 200;

/** Levels of nesting that are printed; cycles end there too. */
const DEPTH = 4;

/** A text cut to `limit` characters, with the number of those it had; never in the middle of a surrogate pair. */
export function clip(text: string, limit = LIMIT): string {
  if (text.length <= limit) return text;
  const end = /[\ud800-\udbff]/.test(text[limit - 1]!) ? limit - 1 : limit;
  return `${text.slice(0, end)}… (${text.length} characters)`;
}

/** What the platform calls an object: "Map", "Uint8Array", "WebAssembly.Module"; of another realm, too. */
export const kindOf = (value: unknown) => Object.prototype.toString.call(value).slice(8, -1);

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A value as JSON writes it, until a budget of characters is spent, and whether that was all of it. */
function printed(value: unknown, limit: number): { text: string; complete: boolean } {
  let text = "";
  let complete = true;

  const string = (value: string): void => {
    const left = Math.max(limit - text.length, 8);
    complete &&= value.length <= left;
    text += JSON.stringify(clip(value, left));
  };
  const print = (value: unknown, depth: number): void => {
    const isList = Array.isArray(value);
    if (typeof value === "string") string(value);
    else if (typeof value === "function") text += "a function";
    else if (typeof value !== "object" || value === null) text += String(value);
    else if (ArrayBuffer.isView(value)) text += `${kindOf(value)} of ${value.byteLength} bytes`;
    else if (isList || isPlain(value)) {
      let separator = "";
      text += isList ? "[" : "{";
      for (const key of isList ? value.keys() : Object.keys(value)) {
        if (text.length >= limit || depth === 0) {
          complete = false;
          text += "…";
          break;
        }
        text += separator;
        separator = ",";
        if (typeof key === "string") {
          string(key);
          text += ":";
        }
        print((value as Record<string, unknown>)[key], depth - 1);
      }
      text += isList ? "]" : "}";
    } else text += kindOf(value);
  };

  try {
    print(value, DEPTH);
  } catch {
    return { text: "a value that cannot be read", complete: false };
  }
  return { text, complete };
}

/**
 * Any value as a short text for a message: as JSON writes it, cut near `limit` characters. It prints no more than that of
 * however large a value; cycles end at a level, and a value that throws when it is read is said to do so.
 */
export function excerpt(value: unknown, limit = LIMIT): string {
  const { text } = printed(value, limit);
  // Escapes may have made more of the characters than was counted.
  return text.length > limit + 50 ? `${text.slice(0, limit)}…` : text;
}

/**
 * The value itself where all of it can be printed in `limit` characters, else its excerpt: what an error may keep. Lists
 * are copied, for a shape may be a tensor's own.
 */
export function brief(value: unknown, limit = 10_000): unknown {
  return printed(value, limit).complete ? copied(value) : excerpt(value);
}

function copied(value: unknown): unknown {
  return Array.isArray(value) ? value.map(copied) : value;
}
