import type { GgufFile } from "../../io/gguf/index.js";
import type { OpenTensorFile } from "../../io/safetensors/index.js";
import { expertCheckpoint } from "./expert-checkpoint.js";
import { ggufArchitecture } from "./names.js";
import { ggufTensors } from "./tensors.js";

/**
 * A GGUF file's tensors to the byte as a safetensors file of the same model would have them: as `ggufTensors`, but those in groups are the
 * float32 values that these say, decoded row by row, and experts are as checkpoints of transformers have them. Errors as `ggufTensors` and
 * `expertCheckpoint`.
 */
export function denseTensors(file: GgufFile): OpenTensorFile {
  const { grouped, outFirst: _, ...stored } = ggufTensors(file);
  const raw: OpenTensorFile["raw"] = async (name, begin = 0, end) => {
    if (grouped === undefined || grouped.nearest(name) === null) return stored.raw(name, begin, end);
    const { shape } = stored.info(name);
    const width = 4 * (shape.at(-1) ?? 1);
    const last = end ?? shape.reduce((product, length) => product * length, 4);
    const [first, behind] = [Math.floor(begin / width), Math.ceil(last / width)];
    const row = grouped.rowBytes(name);
    const { buffer } = grouped.values(name, await stored.raw(name, first * row, behind * row));
    return new Uint8Array(buffer, begin - width * first, last - begin);
  };
  return expertCheckpoint({ ...stored, raw }, ggufArchitecture(file.metadata.get("general.architecture")));
}
