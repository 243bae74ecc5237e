import type { Choices } from "./random.js";

/** A GGUF file with some of its header's numbers changed: lengths, counts, types, dimensions and offsets stand anywhere. */
export function mutateGguf(file: Uint8Array, choices: Choices): Uint8Array {
  const copy = file.slice();
  const view = new DataView(copy.buffer);
  for (let i = 0; i <= choices.below(3); i++) {
    const wide = choices.happens(0.5);
    const at = choices.below(Math.min(copy.length, 1200) - 8);
    const values = [0, 1, 2, 4, 8, 9, 12, 13, 31, 255, copy.length, 2 ** 31, 2 ** 32 - 1];
    if (wide) view.setBigUint64(at, choices.pick([...values.map(BigInt), 2n ** 40n, 2n ** 53n, 2n ** 64n - 1n]), true);
    else view.setUint32(at, choices.pick(values), true);
  }
  return copy;
}
