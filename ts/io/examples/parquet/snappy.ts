import { PageProblem } from "./runs.js";

/**
 * Unpacks a page that Snappy packed into `out`, which it fills. The library's function never returns from some damaged pages.
 * @throws `PageProblem`
 */
export function unpackSnappy(packed: Uint8Array, out: Uint8Array): void {
  let [at, done] = [0, 0];
  const next = () => {
    if (at >= packed.length) throw new PageProblem("a page that is cut");
    return packed[at++]!;
  };
  /** A number of so many bytes, the lowest first. */
  const number = (size: number) => {
    let value = 0;
    for (let i = 0; i < size; i++) value += next() * 2 ** (8 * i);
    return value;
  };
  /** Checks that so many bytes fit into the page. */
  const room = (length: number) => {
    if (length > out.length - done) throw new PageProblem("a page that is larger than its header says");
    return length;
  };
  // The unpacked size, which the page's header has too.
  while (next() >= 0x80);
  while (at < packed.length) {
    const tag = next();
    if ((tag & 3) === 0) {
      const short = tag >> 2;
      const length = room((short < 60 ? short : number(short - 59)) + 1);
      if (length > packed.length - at) throw new PageProblem("a page that is cut");
      out.set(packed.subarray(at, at + length), done);
      at += length;
      done += length;
      continue;
    }
    const near = (tag & 3) === 1;
    const length = room(near ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1);
    const back = near ? (tag >> 5) * 256 + next() : number((tag & 3) === 2 ? 2 : 4);
    if (back === 0 || back > done) throw new PageProblem("a page that repeats bytes before its first");
    // Bytes may repeat those that they write.
    for (const end = done + length; done < end; done++) out[done] = out[done - back]!;
  }
  if (done !== out.length) throw new PageProblem("a page that is smaller than its header says");
}
