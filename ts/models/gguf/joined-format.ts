import type { GroupedTensors } from "../../io/safetensors/index.js";
import { sizeOf } from "../../values/shape.js";

/** A value without groups counts as much as so many with groups: files of few bits keep small layers as they are. */
const PLAIN = 15;

/** The format of tensors that are joined in one weight: theirs if it is the same, otherwise the nearest of all but small ones. */
export const joinedFormat: GroupedTensors["joined"] = ({ info, grouped }, names) => {
  const [only, ...others] = new Set(names.map((name) => grouped!.format(name)));
  if (only && others.length === 0) return only;
  const share = (name: string) => (grouped!.nearest(name) === null ? -PLAIN : 1) * sizeOf(info(name).shape);
  return names.reduce((sum, name) => sum + share(name), 0) > 0 ? "q8" : null;
};
