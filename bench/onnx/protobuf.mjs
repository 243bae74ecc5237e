/** Protocol Buffers' wire format, as much as ONNX files need: varints, 32-bit floats, bytes, nested messages. */
export class Message {
  #parts = [];

  /** A whole number from 0. */
  integer(field, value) {
    return this.#push(varint(field * 8), varint(value));
  }

  float(field, value) {
    return this.#push(varint(field * 8 + 5), new Uint8Array(Float32Array.of(value).buffer));
  }

  bytes(field, value) {
    return this.#push(varint(field * 8 + 2), varint(value.length), value);
  }

  text(field, value) {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field, value) {
    return this.bytes(field, value.encoded());
  }

  /** The same field once for each value. */
  repeated(kind, field, values) {
    for (const value of values) this[kind](field, value);
    return this;
  }

  encoded() {
    const bytes = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  #push(...parts) {
    this.#parts.push(...parts);
    return this;
  }
}

function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Uint8Array.of(...bytes, value);
}
