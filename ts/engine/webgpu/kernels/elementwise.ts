import type { ActivationKernels, BinaryKernels, GatedKernels, RandomKernels, UnaryKernels } from "../../kernels.js";
import type { CommandStream } from "../command-stream.js";
import * as programs from "../programs/elementwise.js";

/** Values of 16 bits, in which dropout's probability is counted. */
const VALUES = 65_536;

/** The elementwise kernels that have a program; the others are refused by name. */
export function elementwiseKernels(
  stream: CommandStream,
): Partial<ActivationKernels & UnaryKernels & BinaryKernels> & GatedKernels & Pick<RandomKernels, "dropout"> {
  const table: Record<string, (...values: number[]) => void> = {};
  for (const [name, [forward, gradient]] of programs.unaryPrograms) {
    table[`${name}_forward`] = (x, y, n) => stream.elements(forward, n, x, y);
    table[`${name}_gradient`] = (g, x, y, dx, n, accumulate) => stream.elements(gradient, n, g, x, y, dx, accumulate);
  }
  for (const [name, program] of programs.binaryPrograms) {
    table[`${name}_forward`] = (a, b, y, n0, n1, n2, ...rest) =>
      stream.elements(program, n0 * n1 * n2, n1, n2, a, b, y, ...rest);
  }
  for (const [name, program] of programs.binaryGradientPrograms) {
    table[`${name}_gradient`] = (g, x, other, dx, n0, n1, n2, ...rest) =>
      stream.elements(program, n0 * n1 * n2, n1, n2, g, x, other, dx, ...rest);
  }
  return {
    ...table,
    clamp_gradient: (g, x, _y, dx, n, accumulate, minimum, maximum) =>
      stream.elements(programs.clampGradient, n, g, x, dx, accumulate, minimum, maximum),
    clamp_forward: (x, y, n, minimum, maximum) => stream.elements(programs.clamp, n, x, y, minimum, maximum),
    gated_forward: (x, y, rows, columns, activation) =>
      stream.elements(programs.gatedForward, rows * columns, x, y, columns, activation),
    gated_gradient: (g, x, dx, rows, columns, activation, accumulate) =>
      stream.elements(programs.gatedGradient, rows * columns, g, x, dx, columns, activation, accumulate),
    dropout: (x, y, n, p, seedLow, seedHigh, number, accumulate) => {
      const dropped = Math.round(p * VALUES);
      const factor = dropped < VALUES ? VALUES / (VALUES - dropped) : 0;
      stream.elements(programs.dropout, n, x, y, dropped, factor, seedLow, seedHigh, number, accumulate);
    },
  };
}
