import { clip, excerpt } from "../../errors/excerpt.js";
import type { JobListener } from "../../training/job-events.js";
import type { Tensor } from "../../values/tensor.js";
import type { HeadTensors } from "../cross/cross-head.js";
import type { ReadyHead } from "./ready-head.js";

/**
 * The head of a ready cross-encoder for the labels of some data, one score if there are none, its logits in their order; null, with a warning,
 * if it has others.
 *
 * @param out path of the head's last layer
 */
export function headFor(
  { tensors, labels: own }: ReadyHead,
  labels: readonly string[],
  out: string,
  emit: JobListener,
): HeadTensors | null {
  if (labels.length === 0 && own.length === 1) return tensors;
  const isNumbered = own.every((name, i) => name === `LABEL_${i}`);
  const places = labels.map((label) => own.indexOf(isNumbered && /^\d+$/.test(label) ? `LABEL_${label}` : label));
  if (labels.length !== own.length || places.includes(-1)) {
    const [has, needs] = [own, labels].map((names) =>
      names.length < 2 ? "one score" : `the classes ${clip(names.map((name) => excerpt(name)).join(", "), 200)}`,
    );
    emit({
      type: "warning",
      message: `the model's head has ${has}, and the data have ${needs}: a new head is trained`,
    });
    return null;
  }
  const inOrder = ({ shape, data }: Tensor): Tensor => {
    const width = data.length / own.length;
    const ordered = new Float32Array(data.length);
    places.forEach((place, i) => ordered.set(data.subarray(place * width, (place + 1) * width), i * width));
    return { shape, data: ordered };
  };
  const isLast = (name: string) => name === `${out}.weight` || name === `${out}.bias`;
  return new Map([...tensors].map(([name, tensor]) => [name, isLast(name) ? inOrder(tensor) : tensor]));
}
