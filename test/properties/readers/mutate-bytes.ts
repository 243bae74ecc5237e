import type { Choices } from "./random.js";

type Mutation = (bytes: Uint8Array, choices: Choices) => Uint8Array;

const joined = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

/** A range of the bytes, a few of them mostly. */
function range(bytes: Uint8Array, choices: Choices): [start: number, end: number] {
  const start = choices.below(bytes.length + 1);
  const length = choices.happens(0.7) ? choices.below(16) : choices.below(bytes.length + 1);
  return [start, Math.min(bytes.length, start + length)];
}

const mutations: readonly Mutation[] = [
  // Bits.
  (bytes, choices) => {
    const copy = bytes.slice();
    for (let i = 0; i <= choices.below(4) && copy.length > 0; i++)
      copy[choices.below(copy.length)]! ^= 1 << choices.below(8);
    return copy;
  },
  (bytes, choices) => bytes.slice(0, choices.below(bytes.length + 1)),
  (bytes, choices) => bytes.slice(choices.below(bytes.length + 1)),
  // A piece left out, there twice, elsewhere, or one byte throughout.
  (bytes, choices) => {
    const [start, end] = range(bytes, choices);
    return joined(bytes.subarray(0, start), bytes.subarray(end));
  },
  (bytes, choices) => {
    const [start, end] = range(bytes, choices);
    return joined(bytes.subarray(0, end), bytes.subarray(start));
  },
  (bytes, choices) => {
    const [start, end] = range(bytes, choices);
    const copy = bytes.slice();
    copy.copyWithin(choices.below(bytes.length + 1), start, end);
    return copy;
  },
  (bytes, choices) => bytes.slice().fill(choices.pick([0, 0xff, 0x7f, 0x20, 0x22]), ...range(bytes, choices)),
  // Numbers in front, as lengths are.
  (bytes, choices) => {
    const copy = joined(bytes, new Uint8Array(Math.max(0, 8 - bytes.length)));
    const value = choices.pick([0n, 1n, 8n, BigInt(bytes.length), 100_000_000n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]);
    new DataView(copy.buffer).setBigUint64(0, value, true);
    return copy;
  },
  (bytes, choices) =>
    joined(
      bytes,
      Uint8Array.from({ length: choices.below(64) }, () => choices.below(256)),
    ),
];

/** The bytes with some damage. */
export function mutateBytes(bytes: Uint8Array, choices: Choices): Uint8Array {
  let result = bytes;
  for (let i = 0; i <= choices.below(3); i++) result = choices.pick(mutations)(result, choices);
  return result;
}
