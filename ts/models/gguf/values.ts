import { exp } from "../../values/elementary.js";
import type { GgufArchitecture } from "./names.js";

/** Whether files have 1 more than a norm's weights. That of a delta net's heads is as it is. */
export const hasOneMore = ({ normsPlusOne }: Pick<GgufArchitecture, "normsPlusOne">, name: string): boolean =>
  normsPlusOne && /(?<!linear_attn\.)norm\.weight$/.test(name);

/** Whether it is the logarithm of a delta net's decay, in whose place files have the decay, below 0. */
export const isDecay = (name: string): boolean => name.endsWith(".A_log");

/** What a file has in place of a value of a tensor with Hugging Face's name; null if it has the same. */
export function valueIn(architecture: GgufArchitecture, name: string): ((value: number) => number) | null {
  if (isDecay(name)) return (value) => -exp(value);
  return hasOneMore(architecture, name) ? (value) => value + 1 : null;
}

/** Weights of a convolution `[channels, width]` are `[channels, 1, width]` in Hugging Face's files. */
export const convolutionShape = (name: string, shape: readonly number[]): readonly number[] =>
  /\.(?:conv\.conv|conv1d)\.weight$/.test(name) && shape.length === 2 ? [shape[0]!, 1, shape[1]!] : shape;
