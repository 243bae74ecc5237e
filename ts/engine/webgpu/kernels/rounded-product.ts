import type { FrozenKernels } from "../../kernels.js";
import type { CommandStream } from "../command-stream.js";
import type { Program } from "../program.js";
import { tileOf, tiles } from "../programs/product.js";
import { roundedProductProgram, roundedWords, roundRows } from "../programs/rounded-product.js";
import { formatOf, storedOperand } from "../programs/stored.js";
import { MOST_ROWS } from "../programs/vector-product.js";

type Rounding = Pick<FrozenKernels, "rounded_bytes" | "round_rows" | "gemm_rounded">;

/** Products whose inputs are rounded to binary16; none for devices without "shader-f16". */
export function roundingKernels(stream: CommandStream): Partial<Rounding> {
  if (!stream.has("shader-f16")) return {};
  const programs = new Map<string, Program>();
  return {
    rounded_bytes: (width) => 4 * roundedWords(width),
    round_rows: (x, width, rows, _format, to) => stream.rows(roundRows, rows, width, x, to),
    gemm_rounded: (m, n, k, x, format, data, bias, y) => {
      const tile = tileOf(m, n);
      const name = `gemm rounded ${formatOf(format)} ${tile.join()}`;
      let program = programs.get(name);
      if (program === undefined)
        programs.set(name, (program = roundedProductProgram(name, ...tile, storedOperand(format))));
      stream.run(program, ...tiles(m, n, tile), [m, n, k, x, data, k, 1, y, n, bias]);
    },
  };
}

/**
 * Whether it pays to round the inputs of a product of `rows` rows. Not of few: they wait for B, which is in few bits already, and to round
 * would be a dispatch more.
 */
export const roundingPays = (stream: CommandStream, rows: number): boolean =>
  stream.has("shader-f16") && rows > MOST_ROWS;
