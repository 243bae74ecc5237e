/** Thrown if a value extends beyond the bytes read so far: more must be read first. */
export class Exhausted extends Error {
  constructor(
    /** Bytes from the start of the file that the value takes at least. */
    readonly needed: number,
  ) {
    super("more bytes are needed");
  }
}

/** Little-endian values one after another, from the first bytes of a file. */
export class Cursor {
  offset = 0;
  /** Lists that were read. */
  lists = 0;
  private readonly view: DataView;
  private readonly decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  /** `size`: bytes of the whole file; `fail` creates the error for a value beyond them. */
  constructor(
    private readonly bytes: Uint8Array,
    readonly size: number,
    private readonly fail: (problem: string) => Error,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes of the file that are left. */
  get left(): number {
    return this.size - this.offset;
  }

  /** Advances by `length` bytes and returns their start. */
  take(length: number, what: string): number {
    const start = this.offset;
    if (length > this.left) throw this.fail(`${what} takes ${length} bytes, ${this.left} are left: it is cut short`);
    if (start + length > this.bytes.byteLength) throw new Exhausted(start + length);
    this.offset = start + length;
    return start;
  }

  u32(what: string): number {
    return this.view.getUint32(this.take(4, what), true);
  }

  /** A number of 64 bits that counts something. */
  count(what: string): number {
    const value = this.view.getBigUint64(this.take(8, what), true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.fail(`${what} is ${value}, more than any file holds`);
    return Number(value);
  }

  /** How many things follow, each of which takes `least` bytes or more. */
  counted(what: string, least: number): number {
    const count = this.count(what);
    if (count > this.left / least)
      throw this.fail(`${what} is ${count}, more than the ${this.left} bytes left can hold`);
    return count;
  }

  /** A string: its length, then UTF-8. */
  string(what: string): string {
    const length = this.count(`the length of ${what}`);
    const start = this.take(length, what);
    if (length < 32) {
      let text = "";
      let i = start;
      for (; i < start + length && this.bytes[i]! < 0x80; i++) text += String.fromCharCode(this.bytes[i]!);
      // Most are short and ASCII, and a call of the decoder takes longer than those.
      if (i === start + length) return text;
    }
    try {
      return this.decoder.decode(this.bytes.subarray(start, start + length));
    } catch {
      throw this.fail(`${what} is not UTF-8`);
    }
  }

  /** A copy of bytes, at the start of a new buffer. */
  copy(length: number, what: string): ArrayBuffer {
    const start = this.take(length, what);
    return new Uint8Array(this.bytes.subarray(start, start + length)).buffer;
  }

  /** A scalar by one of DataView's methods. */
  scalar<T>(length: number, what: string, read: (view: DataView, at: number) => T): T {
    return read(this.view, this.take(length, what));
  }
}
