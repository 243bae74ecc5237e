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

const kind = (value: object) => Object.prototype.toString.call(value).slice(8, -1);

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Writes a value as JSON does, until a budget of characters is spent. */
class Printer {
  text = "";
  complete = true;

  constructor(private readonly limit: number) {}

  print(value: unknown, depth: number): void {
    if (typeof value === "string") this.string(value);
    else if (typeof value === "function") this.text += "a function";
    else if (typeof value !== "object" || value === null) this.text += String(value);
    else if (ArrayBuffer.isView(value)) this.text += `${kind(value)} of ${value.byteLength} bytes`;
    else if (Array.isArray(value)) this.list(value, depth);
    else if (isPlain(value)) this.object(value, depth);
    else this.text += kind(value);
  }

  /** Whether another item may be printed; says that there is more where not. */
  private room(depth = 1): boolean {
    if (this.text.length < this.limit && depth > 0) return true;
    this.complete = false;
    this.text += "…";
    return false;
  }

  private string(value: string): void {
    const left = Math.max(this.limit - this.text.length, 8);
    if (value.length > left) this.complete = false;
    this.text += JSON.stringify(clip(value, left));
  }

  private list(value: readonly unknown[], depth: number): void {
    this.text += "[";
    for (let i = 0; i < value.length && this.room(depth); i++) {
      if (i > 0) this.text += ",";
      this.print(value[i], depth - 1);
    }
    this.text += "]";
  }

  private object(value: object, depth: number): void {
    this.text += "{";
    let first = true;
    for (const key in value) {
      if (!Object.hasOwn(value, key)) continue;
      if (!this.room(depth)) break;
      if (!first) this.text += ",";
      first = false;
      this.string(key);
      this.text += ":";
      this.print((value as Record<string, unknown>)[key], depth - 1);
    }
    this.text += "}";
  }
}

function printed(value: unknown, limit: number): Printer {
  const printer = new Printer(limit);
  try {
    printer.print(value, DEPTH);
  } catch {
    printer.text = "a value that cannot be read";
    printer.complete = false;
  }
  return printer;
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

/** The value itself where all of it can be printed in `limit` characters, else its excerpt: what an error may keep. */
export function brief(value: unknown, limit = 10_000): unknown {
  return printed(value, limit).complete ? value : excerpt(value);
}
