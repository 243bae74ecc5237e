import type { FormatError } from "../../errors/errors.js";

/** Makes the error of damaged bytes; the problem reads on from the file's name and a colon. */
export type WireFailure = (problem: string) => FormatError;

/** A field of a message: a number, or a range of bytes. */
export interface Field {
  readonly number: number;
  /** Value of a field that is a number: up to 2^53, larger ones and negative ones as NaN. Else 0. */
  readonly value: number;
  /** Start and end of its bytes in the file; equal for a number. */
  readonly begin: number;
  readonly end: number;
}

const LONGEST_VARINT = 10;
/** Bytes of a file that are in memory at a time. */
const WINDOW = 64 * 1024;
/** Bytes of a text; names and paths are shorter. */
const LONGEST_TEXT = 4096;

/** Bytes of a file, of which only the requested ones need be in memory. */
export interface FileBytes {
  readonly size: number;
  /** Returns the bytes from `begin` to `end`, within `size`; they are the caller's. */
  read(begin: number, end: number): Uint8Array;
}

/**
 * Protocol buffers in a file: the fields of a message in order, with the places of their bytes, which are not read. Format:
 * https://protobuf.dev/programming-guides/encoding
 */
export class Wire {
  private window: Uint8Array = new Uint8Array();
  private start = 0;

  constructor(
    private readonly file: FileBytes,
    readonly fail: WireFailure,
  ) {}

  /** The fields of the message from `begin` to `end`. Throws if they do not fill it. */
  *fields(begin: number, end: number): Generator<Field> {
    let at = begin;
    while (at < end) {
      const [key, afterKey] = this.varint(at, end);
      const number = Math.floor(key / 8);
      if (!(number >= 1)) throw this.fail(`at byte ${at}: no field has the number ${number}`);
      const kind = key % 8;
      if (kind === 0) {
        const [value, next] = this.varint(afterKey, end);
        yield { number, value, begin: next, end: next };
        at = next;
        continue;
      }
      const [length, start] = kind === 2 ? this.varint(afterKey, end) : [fixedLength(kind), afterKey];
      if (length === null) throw this.fail(`at byte ${at}: ${kind} is no type of field that messages have`);
      if (!(start + length <= end))
        throw this.fail(
          `at byte ${at}: field ${number} takes ${length} bytes, ${end - start} are left: it is cut short`,
        );
      yield { number, value: 0, begin: start, end: start + length };
      at = start + length;
    }
  }

  /** The numbers of a packed field. */
  *packed({ begin, end }: Field): Generator<number> {
    for (let at = begin; at < end;) {
      const [value, next] = this.varint(at, end);
      yield value;
      at = next;
    }
  }

  /** A field's bytes as text; invalid UTF-8 is replaced. Throws for a text that is too long for a name. */
  text({ begin, end }: Field): string {
    if (end - begin > LONGEST_TEXT)
      throw this.fail(`at byte ${begin}: a name or path of ${end - begin} bytes, ${LONGEST_TEXT} are expected at most`);
    return new TextDecoder().decode(this.file.read(begin, end));
  }

  private varint(from: number, end: number): [value: number, next: number] {
    let [value, factor] = [0, 1];
    for (let at = from; at < end && at < from + LONGEST_VARINT; at++, factor *= 128) {
      const byte = this.byte(at);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return [Number.isSafeInteger(value) ? value : NaN, at + 1];
    }
    throw this.fail(`at byte ${from}: a number has no end`);
  }

  private byte(at: number): number {
    const place = at - this.start;
    if (place >= 0 && place < this.window.length) return this.window[place]!;
    this.window = this.file.read(at, Math.min(at + WINDOW, this.file.size));
    this.start = at;
    return this.window[0]!;
  }
}

const fixedLength = (kind: number) => (kind === 1 ? 8 : kind === 5 ? 4 : null);
