import { hostArray } from "../values/number-list.js";

/** The name of a vector. An integer is the same id as its decimal digits: 7 and "7". */
export type VectorId = string | number;

/** Numbers of a row: the hash of its id, and where its record begins. */
const FIELDS = 2;
/** Kinds of ids: a string of units up to 255, which takes a byte each; any other string, two bytes each; an integer's digits. */
const [BYTES, UNITS, INTEGER] = [0, 1, 2];

/**
 * Ids by row, outside JavaScript's heap: a million of ten characters take 19 MB with their hashes. As strings they took 42 MB, and the
 * garbage collector's room for what it copies grew with them.
 */
export class IdTexts {
  private rows = new Uint32Array(16 * FIELDS);
  /** Records: four times the text's bytes plus the kind, seven bits a byte, the lowest first; then the text. */
  private bytes = new Uint8Array(256);
  private count = 0;
  /** Bytes that are in use or were, and those of ids that were removed. */
  private filled = 0;
  private removed = 0;

  get length(): number {
    return this.count;
  }

  /** The hash that `push` got. */
  hashAt(row: number): number {
    return this.rows[row * FIELDS]!;
  }

  at(row: number): VectorId {
    const { begin, end, kind } = this.record(this.rows[row * FIELDS + 1]!);
    const width = kind === UNITS ? 2 : 1;
    let text = "";
    for (let i = begin; i < end; i += width)
      text += String.fromCharCode(this.bytes[i]! + (width === 2 ? 256 * this.bytes[i + 1]! : 0));
    return kind === INTEGER ? Number(text) : text;
  }

  /** Adds an id as the last row. Throws `MemoryError` if there is no room, and is then as before. */
  push(what: string, id: VectorId, hash: number): void {
    const text = String(id);
    let kind = typeof id === "number" ? INTEGER : BYTES;
    for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) kind = UNITS;
    const size = kind === UNITS ? 2 * text.length : text.length;
    this.rows = withRoom(what, this.rows, Uint32Array, this.count * FIELDS, FIELDS);
    this.bytes = withRoom(what, this.bytes, Uint8Array, this.filled, 5 + size);
    const at = FIELDS * this.count++;
    this.rows[at] = hash;
    this.rows[at + 1] = this.filled;
    let head = 4 * size + kind;
    for (; head > 127; head = Math.floor(head / 128)) this.bytes[this.filled++] = 128 + (head % 128);
    this.bytes[this.filled++] = head;
    for (let i = 0; i < size; i++) {
      const unit = text.charCodeAt(kind === UNITS ? i >> 1 : i);
      this.bytes[this.filled++] = kind === UNITS && i % 2 === 1 ? unit >> 8 : unit;
    }
  }

  /** Removes a row; the last one takes its place. */
  removeRow(row: number): void {
    const from = this.rows[row * FIELDS + 1]!;
    const { end } = this.record(from);
    this.count--;
    this.rows.copyWithin(row * FIELDS, this.count * FIELDS, (this.count + 1) * FIELDS);
    if (end === this.filled) this.filled = from;
    else this.removed += end - from;
    if (2 * this.removed > this.filled) this.compact();
  }

  /** The text of the record at `from`, and its kind. */
  private record(from: number): { readonly begin: number; readonly end: number; readonly kind: number } {
    let [begin, head, unit] = [from, 0, 1];
    for (; this.bytes[begin]! > 127; unit *= 128) head += unit * (this.bytes[begin++]! - 128);
    head += unit * this.bytes[begin++]!;
    return { begin, end: begin + Math.floor(head / 4), kind: head % 4 };
  }

  /** Moves records to where removed ones were, in the order in which they are. */
  private compact(): void {
    const order = Array.from({ length: this.count }, (_, row) => row * FIELDS).sort(
      (a, b) => this.rows[a + 1]! - this.rows[b + 1]!,
    );
    let to = 0;
    for (const at of order) {
      const from = this.rows[at + 1]!;
      const { end } = this.record(from);
      this.bytes.copyWithin(to, from, end);
      this.rows[at + 1] = to;
      to += end - from;
    }
    [this.filled, this.removed] = [to, 0];
  }
}

/** An array with room for `more` elements after the first `used`: itself, or a copy of twice the length. */
function withRoom<T extends Uint32Array | Uint8Array>(
  what: string,
  array: T,
  kind: { new (length: number): T; readonly BYTES_PER_ELEMENT: number },
  used: number,
  more: number,
): T {
  if (used + more <= array.length) return array;
  const larger = hostArray(what, kind, Math.max(2 * array.length, used + more));
  larger.set(array);
  return larger;
}
