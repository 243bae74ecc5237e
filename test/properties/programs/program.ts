import type { WeightFormat } from "../../../ts/ops/product/frozen-weight.js";
import type * as ops from "../../../ts/ops/all.js";

export type OpName = keyof typeof ops;

/** Numbers of a leaf: uniform in [low, high), or with some that are no ordinary ones among them; see numbers.ts. */
export interface Numbers {
  readonly seed: number;
  readonly low: number;
  readonly high: number;
  readonly wild?: true | "portable";
}

/** A frozen matrix: numbers that are rounded to a format. */
export interface Stored {
  readonly shape: [rows: number, columns: number];
  readonly format: WeightFormat;
  readonly transposed: boolean;
  readonly data: Numbers;
}

export const optimizerKinds = ["Adagrad", "Adam", "AdamW", "RMSprop", "SGD"] as const;

/** What a program does. `g` is the graph it happens in; tensors have numbers of their own over all graphs. */
export type Statement =
  | { do: "leaf"; g: number; id: number; trainable: boolean; shape: number[]; data: Numbers }
  | ({ do: "store" | "setStored"; g: number; id: number } & Stored)
  | { do: "columns"; g: number; id: number; input: number; start: number; end: number }
  | { do: "apply"; g: number; id: number; op: OpName; inputs: number[]; attributes: object }
  | { do: "backward"; g: number; loss: number; gradient: { shape: number[]; data: Numbers } | null }
  | { do: "step"; g: number; body: Statement[] }
  | { do: "noGrad"; g: number; body: Statement[] }
  | { do: "scope"; g: number; id: number; body: Statement[]; result: number }
  | { do: "zeroGrads"; g: number; ids: number[] }
  | { do: "setValue"; g: number; id: number; shape: number[]; data: Numbers }
  | { do: "mode"; g: number; training: boolean }
  | { do: "optimizer"; g: number; id: number; kind: (typeof optimizerKinds)[number]; params: number[] }
  | { do: "update"; g: number; optimizer: number; params: number[] }
  | { do: "release"; g: number; ids: number[] };

/** A random program. */
export interface Program {
  readonly seed: number;
  readonly graphs: readonly { readonly seed: number; readonly packedCopies?: 0 | 1 | 2 }[];
  readonly body: Statement[];
}

/** Every statement, those inside others before them. */
export function* statements(body: readonly Statement[]): Generator<Statement> {
  for (const statement of body) {
    if ("body" in statement) yield* statements(statement.body);
    yield statement;
  }
}
