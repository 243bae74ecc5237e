import { exp, log } from "../../values/elementary.js";
import type { GgufArchitecture } from "./names.js";

/** How the values of a tensor differ in a file from those in Hugging Face's. */
interface Conversion {
  readonly toFile: (value: number) => number;
  readonly fromFile: (value: number) => number;
}

/** Files have a delta net's decay, below 0, in place of its logarithm. */
const decay: Conversion = { toFile: (value) => -exp(value), fromFile: (value) => log(-value) };
/** In some architectures they have 1 more than a norm's weights. */
const norm: Conversion = { toFile: (value) => value + 1, fromFile: (value) => value - 1 };

/** The conversion of a tensor with Hugging Face's name; null if its values are the same. The norm of a delta net's heads is as it is. */
export function conversionOf(
  { normsPlusOne }: Pick<GgufArchitecture, "normsPlusOne">,
  name: string,
): Conversion | null {
  if (name.endsWith(".A_log")) return decay;
  return normsPlusOne && /(?<!linear_attn\.)norm\.weight$/.test(name) ? norm : null;
}

const isConvolution = (name: string) => /\.(?:conv\.conv|conv1d)\.weight$/.test(name);

/** Hugging Face's shape of a file's tensor: weights of convolutions `[channels, width]` are `[channels, 1, width]`. */
export const convolutionShape = (name: string, shape: readonly number[]): readonly number[] =>
  isConvolution(name) && shape.length === 2 ? [shape[0]!, 1, shape[1]!] : shape;

/** The shape in a file of Hugging Face's tensor: those weights lose the 1 in the middle. */
export const storedShape = (name: string, shape: readonly number[]): readonly number[] =>
  isConvolution(name) && shape.length === 3 ? [shape[0]!, shape[2]!] : shape;
