import { lengthOf, unexpected } from "../arguments/settings.js";
import { hostArray } from "../values/number-list.js";
import { IdTexts, type VectorId } from "./id-texts.js";

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
