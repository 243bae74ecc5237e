import type { Vectors } from "./matrix.js";
import { dot } from "./matrix.js";
import type { Steps } from "../../waiting/steps.js";

/** Columns are orthogonal where their cosine is at most this. */
const COSINE = 1e-15;

const SWEEPS = 60;

/**
 * Turns vectors into orthogonal ones by plane rotations (one-sided Jacobi; Demmel and Veselić 1992 show that it finds even
 * small singular values to high relative accuracy). Both are overwritten.
 *
 * @param columns X's columns, which become those of X·J
 * @param rotated the columns of a matrix, which becomes this matrix times J
 */
export function* orthogonalize(columns: Vectors, rotated: Vectors): Steps<void> {
  const { count } = columns;
  const squares = new Float64Array(count);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    // Updated along with the rotations within a sweep, they would drift over many.
    for (let i = 0; i < count; i++) squares[i] = dot(columns.at(i), columns.at(i));
    let turned = false;
    for (let i = 0; i < count - 1; i++) {
      yield;
      for (let j = i + 1; j < count; j++) {
        const product = dot(columns.at(i), columns.at(j));
        if (Math.abs(product) <= COSINE * Math.sqrt(squares[i]! * squares[j]!)) continue;
        turned = true;
        const ratio = (squares[j]! - squares[i]!) / (2 * product);
        const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.sqrt(1 + ratio * ratio));
        const cosine = 1 / Math.sqrt(1 + tangent * tangent);
        rotate(columns.at(i), columns.at(j), cosine, cosine * tangent);
        rotate(rotated.at(i), rotated.at(j), cosine, cosine * tangent);
        squares[i]! -= tangent * product;
        squares[j]! += tangent * product;
      }
    }
    if (!turned) return;
  }
}

function rotate(x: Float64Array, y: Float64Array, cosine: number, sine: number): void {
  for (let k = 0; k < x.length; k++) {
    const [a, b] = [x[k]!, y[k]!];
    x[k] = cosine * a - sine * b;
    y[k] = sine * a + cosine * b;
  }
}
