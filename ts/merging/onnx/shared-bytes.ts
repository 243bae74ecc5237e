import { UnsupportedError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { PlacedTensor } from "../../io/onnx/tensor.js";
import type { OnnxPlan } from "./find-by-value.js";

const endOf = ({ place }: PlacedTensor) => place.offset + place.length;

/**
 * Throws `UnsupportedError` if a constant would become two different tensors, or several constants share bytes of a file and would become
 * different: changing one would change the others.
 */
export function checkShared(beside: readonly PlacedTensor[], plan: OnnxPlan): void {
  const becomes = new Map<PlacedTensor, string>();
  for (const [name, matches] of plan)
    for (const { tensor, transposed } of matches) {
      const known = becomes.get(tensor);
      if (known !== undefined)
        throw new UnsupportedError(
          `merge: ${clip(tensor.name)} of the ONNX model is both ${clip(known)} and ${clip(name)} of the base, which the adapter changes apart: ` +
            "export a model that has a constant for each",
          { op: "merge", tensor: tensor.name, names: [known, name] },
        );
      becomes.set(tensor, transposed ? `${name}ᵀ` : name);
    }
  const isSame = (a: PlacedTensor, b: PlacedTensor) =>
    becomes.get(a) === becomes.get(b) &&
    (!becomes.has(a) || (a.place.offset === b.place.offset && endOf(a) === endOf(b)));
  // For each file, the constant that ends last of those that begin before.
  const farthest = new Map<string | null, PlacedTensor>();
  for (const tensor of beside.toSorted((a, b) => a.place.offset - b.place.offset)) {
    const { location, offset, length } = tensor.place;
    if (length === 0) continue;
    const before = farthest.get(location);
    if (before !== undefined && offset < endOf(before) && !isSame(before, tensor))
      throw new UnsupportedError(
        `merge: ${clip(before.name)} and ${clip(tensor.name)} of the ONNX model share bytes of ${clip(location ?? "")}, which the adapter ` +
          "changes for one of them: export a model that keeps its constants apart",
        { op: "merge", tensor: before.name, other: tensor.name },
      );
    if (before === undefined || endOf(tensor) > endOf(before)) farthest.set(location, tensor);
  }
}
