import type { OnnxModel } from "../../io/onnx/model.js";
import { isReadableFloat, type OpenTensorFile } from "../../io/safetensors/index.js";
import { sizeOf } from "../../values/shape.js";
import type { ByValue, Match } from "./find-by-value.js";

/** Other tensors of a base with the same values as some of these constants. */
export async function rivalsOf(
  name: string,
  used: readonly Match[],
  base: OpenTensorFile,
  byValue: ByValue,
  without: readonly string[],
): Promise<string[]> {
  const size = sizeOf(base.info(name).shape);
  const among = used.map(({ tensor }) => tensor);
  const rivals: string[] = [];
  for (const other of base.names) {
    if (other === name || without.includes(other)) continue;
    const { dtype, shape } = base.info(other);
    if (!isReadableFloat(dtype) || sizeOf(shape) !== size) continue;
    if ((await byValue.find(base, other, among)).length > 0) rivals.push(other);
  }
  return rivals;
}

/**
 * Of constants with a tensor's values, those that are the tensor by name; none if names do not decide. A constant with the tensor's name
 * may also serve its equals, since exporters merge equal constants, unless each equal has its own.
 */
export function namedOf(name: string, used: readonly Match[], rivals: readonly string[], model: OnnxModel): Match[] {
  const owners = used.map(({ tensor }) => ownerOf(tensor.name, [name, ...rivals]));
  const own = used.filter((_, i) => owners[i] === name);
  const allHaveOwn = rivals.every((rival) => owners.includes(rival));
  return allHaveOwn || own.every(({ tensor }) => model.countUsers(tensor.name) === 1) ? own : [];
}

/** The tensor whose name a constant has, ignoring prefixes; null if there is none or more than one. */
function ownerOf(constant: string, tensors: readonly string[]): string | null {
  const distance = (tensor: string) =>
    `.${constant}`.endsWith(`.${tensor}`) || `.${tensor}`.endsWith(`.${constant}`)
      ? Math.abs(constant.split(".").length - tensor.split(".").length)
      : Infinity;
  const least = Math.min(...tensors.map(distance));
  const nearest = tensors.filter((tensor) => distance(tensor) === least);
  return least < Infinity && nearest.length === 1 ? nearest[0]! : null;
}
