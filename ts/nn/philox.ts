/**
 * The kernels' random number generator (`crates/kernels/src/philox.rs`) in TypeScript, without an engine: Philox4x32-10 of Salmon et al.,
 * "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011. Number i of a stream depends only on (seed, stream, i).
 */
export class Philox {
  private readonly key: readonly [number, number];
  private readonly words = new Uint32Array(4);
  private block = 0;
  private next = 4;

  /** @param seed whole number from 0; @param stream 32 bits */
  constructor(
    seed: number,
    private readonly stream: number,
  ) {
    this.key = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
  }

  /** The next 32 bits. */
  word(): number {
    if (this.next === 4) this.fill();
    return this.words[this.next++]!;
  }

  /** The next number, above 0 and below 1. */
  uniform(): number {
    return (this.word() + 0.5) / 2 ** 32;
  }

  // Plain variables: destructured lists are five times as slow.
  private fill(): void {
    let low = this.key[0];
    let high = this.key[1];
    let a = this.block >>> 0;
    let b = Math.floor(this.block / 2 ** 32) >>> 0;
    let c = this.stream >>> 0;
    let d = 0;
    for (let round = 0; round < 10; round++) {
      const nextA = highWord(0xcd9e, 0x8d57, c) ^ b ^ low;
      const nextC = highWord(0xd251, 0x1f53, a) ^ d ^ high;
      b = Math.imul(0xcd9e8d57, c);
      d = Math.imul(0xd2511f53, a);
      a = nextA;
      c = nextC;
      low = (low + 0x9e3779b9) | 0;
      high = (high + 0xbb67ae85) | 0;
    }
    const { words } = this;
    words[0] = a;
    words[1] = b;
    words[2] = c;
    words[3] = d;
    this.block++;
    this.next = 0;
  }
}

/** Upper 32 bits of the product of two 32-bit numbers, the first given in halves. */
function highWord(high: number, low: number, y: number): number {
  const yLow = y & 0xffff;
  const yHigh = y >>> 16;
  const first = high * yLow + ((low * yLow) >>> 16);
  const second = low * yHigh + (first & 0xffff);
  return (high * yHigh + (first >>> 16) + (second >>> 16)) | 0;
}
