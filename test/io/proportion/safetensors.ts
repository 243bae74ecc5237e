import { readSafetensors } from "../../../ts/io/safetensors/index.js";
import { file, scalars } from "./file.js";
import { type Kind, kind, list } from "./kind.js";

const read = (bytes: Uint8Array) => readSafetensors(bytes);

export const safetensorsKinds: Record<string, Kind> = {
  "tensors of a file": kind({
    make: () =>
      scalars(
        list(300_000, (i) => `t${i}`),
        "[]",
      ),
    read,
  }),
  "dimensions of a tensor": kind({
    make: () => file(`{"a":{"dtype":"F32","shape":[${"1,".repeat(4_000_000)}1],"data_offsets":[0,4]}}`, 4),
    read,
  }),
  "metadata of a file": kind({
    make: () => file(JSON.stringify({ __metadata__: Object.fromEntries(list(300_000, (i) => [`k${i}`, "v"])) })),
    read,
  }),
  "tensors that overlap": kind({
    make: () => file(`{${list(300_000, (i) => `"t${i}":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}`).join()}}`, 1),
    read,
    throws: /^FormatError: .* overlaps the tensor before it/,
  }),
};
