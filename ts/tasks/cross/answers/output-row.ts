import { ModelError } from "../../../errors/errors.js";
import { clip, excerpt } from "../../../errors/excerpt.js";
import { byteLength, decodeTensor, type OpenTensorFile } from "../../../io/safetensors/index.js";
import type { DecoderConfig } from "../../../models/decoder/config.js";
import { sameShape } from "../../../values/tensor.js";

/** A row of a file's table `[vocabulary, hidden]`, in float32, without reading the others: of a large model they take hundreds of MB. */
export async function outputRow(
  file: OpenTensorFile,
  tensor: string,
  row: number,
  { vocabularySize, hiddenSize }: Pick<DecoderConfig, "vocabularySize" | "hiddenSize">,
  allowNonFinite: boolean,
): Promise<Float32Array> {
  const { dtype, shape } = file.info(tensor);
  if (!sameShape(shape, [vocabularySize, hiddenSize]))
    throw new ModelError(
      `model.safetensors: ${clip(tensor)} is ${excerpt(shape)}; config.json calls for [${vocabularySize}, ${hiddenSize}]`,
      { tensor, found: shape, expected: [vocabularySize, hiddenSize] },
    );
  const { grouped } = file;
  const isGrouped = grouped !== undefined && grouped.nearest(tensor) !== null;
  const bytes = isGrouped ? grouped.rowBytes(tensor) : byteLength(dtype, [hiddenSize]);
  const read = await file.raw(tensor, row * bytes, (row + 1) * bytes);
  const values = isGrouped ? grouped.values(tensor, read) : decodeTensor(read, dtype, tensor);
  if (allowNonFinite || values.every(Number.isFinite)) return values;
  throw new ModelError(`model.safetensors: row ${row} of ${clip(tensor)} has values that are not finite`, { tensor });
}
