import { bytesSource, openGguf } from "../../../ts/index.js";
import { gguf, pair, tensor, text, u32, u64 } from "../../io/gguf/build.js";
import { type Kind, kind, list, MANY } from "./kind.js";

const read = (bytes: Uint8Array) => openGguf(bytesSource(bytes), "x.gguf");
const strings = (count: number) => [...u32(8), ...u64(count), ...list(count, (i) => text(`${i}`)).flat()];

export const ggufKinds: Record<string, Kind> = {
  "tensors of a file": kind({
    make: () =>
      gguf({ tensors: list(MANY, (i) => tensor({ name: `t${i}`, dimensions: [1], offset: 32 * i })), data: 32 * MANY }),
    read,
    parts: MANY,
  }),
  "tensors that overlap": kind({
    make: () => gguf({ tensors: list(MANY, (i) => tensor({ name: `t${i}`, dimensions: [1] })), data: 32 }),
    read,
    parts: MANY,
    throws: /^FormatError: .* begins at 0, within/,
  }),
  "metadata of a file": kind({
    make: () => gguf({ pairs: list(MANY, (i) => pair(`k${i}`, 7, [1])) }),
    read,
    parts: MANY,
  }),
  "strings of a list": kind({ make: () => gguf({ pairs: [pair("a", 9, strings(300_000))] }), read }),
  "lists of a list": kind({
    make: () =>
      gguf({ pairs: [pair("a", 9, [...u32(9), ...u64(MANY), ...list(MANY, () => [...u32(0), ...u64(0)]).flat()])] }),
    read,
  }),
};
