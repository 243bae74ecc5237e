import type { GgufFile } from "../../io/gguf/index.js";
import type { OpenTensorFile } from "../../io/safetensors/index.js";
import { float32Range } from "./ranges.js";
import { ggufTensors } from "./tensors.js";

/**
 * A GGUF file's tensors to the byte as a safetensors file of the same model would have them: as `ggufTensors`, but those in groups are the
 * float32 values that these say, decoded row by row.
 */
export function denseTensors(file: GgufFile): OpenTensorFile {
  const { grouped, outFirst: _, ...stored } = ggufTensors(file);
  const raw: OpenTensorFile["raw"] = async (name, begin, end) => {
    if (grouped === undefined || grouped.nearest(name) === null) return stored.raw(name, begin, end);
    const row = grouped.rowBytes(name);
    return float32Range(stored.info(name).shape, begin, end, async (first, behind) =>
      grouped.values(name, await stored.raw(name, row * first, row * behind)),
    );
  };
  return { ...stored, raw };
}
