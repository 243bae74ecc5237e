import type { OnnxModel } from "../../io/onnx/model.js";
import { isReadableFloat, type OpenTensorFile } from "../../io/safetensors/index.js";
import { sizeOf } from "../../values/shape.js";
import type { ByValue, Match } from "./find-by-value.js";

/** Other tensors of a base that some of these constants may be as well, by their values. */
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
 * Of constants that have a tensor's values those that are it, by their names; none where names do not tell. One that bears the
 * tensor's name may be its rivals' too, as exporters keep one for equals: unless each of those has its own, it has one user.
 */
export function namedOf(name: string, used: readonly Match[], rivals: readonly string[], model: OnnxModel): Match[] {
  const owners = used.map(({ tensor }) => ownerOf(tensor.name, [name, ...rivals]));
  const own = used.filter((_, i) => owners[i] === name);
  const allHaveOwn = rivals.every((rival) => owners.includes(rival));
  return allHaveOwn || own.every(({ tensor }) => model.countUsers(tensor.name) === 1) ? own : [];
}

/** Whose name a constant bears, whatever a prefix was added or taken away; null where that is nobody's, or of two the same. */
function ownerOf(constant: string, tensors: readonly string[]): string | null {
  const distance = (tensor: string) =>
    `.${constant}`.endsWith(`.${tensor}`) || `.${tensor}`.endsWith(`.${constant}`)
      ? Math.abs(constant.split(".").length - tensor.split(".").length)
      : Infinity;
  const least = Math.min(...tensors.map(distance));
  const nearest = tensors.filter((tensor) => distance(tensor) === least);
  return least < Infinity && nearest.length === 1 ? nearest[0]! : null;
}
