import { lengthOf, unexpected } from "../arguments/settings.js";
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
class IdTexts {
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

/** A copy of a caller's ids. Throws `ConfigError` for anything but strings and safe integers. */
export function takeIds(what: string, given: readonly VectorId[]): VectorId[] {
  const count = lengthOf(what, "ids", given, "strings or integers");
  const ids: VectorId[] = [];
  for (let place = 0; place < count; place++) {
    const id: unknown = given[place];
    if (typeof id !== "string" && !Number.isSafeInteger(id))
      throw unexpected(what, "an id", "a string or an integer", id, undefined, { place });
    ids.push(Object.is(id, -0) ? 0 : (id as VectorId));
  }
  return ids;
}

/**
 * Ids by row, and rows by id. A Map of strings would take three times the memory. Hashes depend on a random key, so that nobody can write a
 * file of ids with equal ones.
 */
export class IdTable {
  private texts = new IdTexts();
  /** Row + 1 at the place of its hash or the next free one; 0 for none. At least a third is free. */
  private places = new Int32Array(16);
  private readonly key = crypto.getRandomValues(new Int32Array(2));

  get length(): number {
    return this.texts.length;
  }

  at(row: number): VectorId {
    return this.texts.at(row);
  }

  /** The row of an id; -1 for none. */
  find(id: VectorId): number {
    const text = String(id);
    return this.places[this.placeOf(text, this.hashOf(text))]! - 1;
  }

  /** Adds ids as the next rows. If one is there already, adds none and returns its place in the list; otherwise -1. */
  add(what: string, ids: readonly VectorId[]): number {
    const former = this.length;
    this.reserve(what, former + ids.length);
    try {
      for (let i = 0; i < ids.length; i++) {
        const text = String(ids[i]);
        const hash = this.hashOf(text);
        const place = this.placeOf(text, hash);
        if (this.places[place] !== 0) {
          this.truncate(former);
          return i;
        }
        this.texts.push(what, ids[i]!, hash);
        this.places[place] = this.length;
      }
    } catch (error) {
      this.truncate(former);
      throw error;
    }
    return -1;
  }

  /** Removes the rows from `rows` on. */
  truncate(rows: number): void {
    if (rows === 0) [this.texts, this.places] = [new IdTexts(), new Int32Array(16)];
    while (this.length > rows) this.removeRow(this.length - 1);
  }

  /** Removes a row; the last one takes its place. */
  removeRow(row: number): void {
    const last = this.length - 1;
    this.vacate(this.placeOfRow(row));
    if (row !== last) this.places[this.placeOfRow(last)] = row + 1;
    this.texts.removeRow(row);
  }

  private hashOf(text: string): number {
    return hashOf(text, this.key) >>> 0;
  }

  /** The place that an id has, or would have. */
  private placeOf(text: string, hash: number): number {
    const mask = this.places.length - 1;
    let place = hash & mask;
    for (let row; (row = this.places[place]!) !== 0; place = (place + 1) & mask)
      if (this.texts.hashAt(row - 1) === hash && String(this.at(row - 1)) === text) break;
    return place;
  }

  private placeOfRow(row: number): number {
    const mask = this.places.length - 1;
    let place = this.texts.hashAt(row) & mask;
    while (this.places[place] !== row + 1) place = (place + 1) & mask;
    return place;
  }

  /** Empties a place, and moves those that follow it to where a search finds them. */
  private vacate(empty: number): void {
    const { places } = this;
    const mask = places.length - 1;
    for (let next = (empty + 1) & mask; places[next] !== 0; next = (next + 1) & mask) {
      const home = this.texts.hashAt(places[next]! - 1) & mask;
      if (((next - home) & mask) < ((next - empty) & mask)) continue;
      places[empty] = places[next]!;
      empty = next;
    }
    places[empty] = 0;
  }

  private reserve(what: string, rows: number): void {
    let size = this.places.length;
    while (size * 2 < rows * 3) size *= 2;
    if (size === this.places.length) return;
    const places = hostArray(what, Int32Array, size);
    for (let row = 0; row < this.length; row++) {
      let place = this.texts.hashAt(row) & (size - 1);
      while (places[place] !== 0) place = (place + 1) & (size - 1);
      places[place] = row + 1;
    }
    this.places = places;
  }
}

/** HalfSipHash-1-3 of the UTF-16 units, one at a time (Aumasson and Bernstein, https://github.com/veorq/SipHash). */
function hashOf(text: string, [first, second]: Int32Array): number {
  let [a, b, c, d] = [first!, second!, first! ^ 0x6c796765, second! ^ 0x74656462];
  for (let i = 0; i < text.length + 4; i++) {
    // Then the length, and three rounds more.
    const unit = i < text.length ? text.charCodeAt(i) : i === text.length ? ~text.length : 0;
    if (i === text.length + 1) c ^= 0xff;
    d ^= unit;
    a = (a + b) | 0;
    b = ((b << 5) | (b >>> 27)) ^ a;
    a = (a << 16) | (a >>> 16);
    c = (c + d) | 0;
    d = ((d << 8) | (d >>> 24)) ^ c;
    a = (a + d) | 0;
    d = ((d << 7) | (d >>> 25)) ^ a;
    c = (c + b) | 0;
    b = ((b << 13) | (b >>> 19)) ^ c;
    c = (c << 16) | (c >>> 16);
    a ^= unit;
  }
  return b ^ d;
}
