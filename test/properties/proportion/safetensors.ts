import { readSafetensors } from "../../../ts/io/safetensors/index.js";
import { file, scalars } from "./file.js";
import { type Kind, kind, list, MANY } from "./kind.js";

const read = (bytes: Uint8Array) => readSafetensors(bytes);

export const safetensorsKinds: Record<string, Kind> = {
  "tensors of a file": kind({
    make: () =>
      scalars(
        list(MANY, (i) => `t${i}`),
        "[]",
      ),
    read,
    parts: MANY,
  }),
  "dimensions of a tensor": kind({
    make: () => file(`{"a":{"dtype":"F32","shape":[${"1,".repeat(1_000_000)}1],"data_offsets":[0,4]}}`, 4),
    read,
  }),
  "metadata of a file": kind({
    make: () => file(JSON.stringify({ __metadata__: Object.fromEntries(list(MANY, (i) => [`k${i}`, "v"])) })),
    read,
    parts: MANY,
  }),
  "tensors that overlap": kind({
    make: () => file(`{${list(MANY, (i) => `"t${i}":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}`).join()}}`, 1),
    read,
    parts: MANY,
    throws: /^FormatError: .* overlaps the tensor before it/,
  }),
};
