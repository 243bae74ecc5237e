import { FormatError } from "../../errors/errors.js";
import { recogniseForeign } from "../safetensors/foreign.js";
import { type OnnxTensor, readTensor } from "./tensor.js";
import { type Field, Wire } from "./wire.js";

/** How a model uses a tensor: looked up by index, multiplied or added, or in both ways. */
export type TensorUse = "rows" | "product" | "both" | "none";

/** What of an ONNX model is known here: its constants, and how they are used. */
export interface OnnxModel {
  readonly tensors: readonly OnnxTensor[];
  useOf(name: string): TensorUse;
}

/** Graphs in graphs (branches, loops) that are followed. */
const MAX_DEPTH = 16;
/** Operations that hand a tensor on as it is, in another order or another type. */
const passing = new Set(["Transpose", "Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Slice", "Split"]);
const MAX_PASSED = 8;

interface Node {
  readonly op: string;
  readonly outputs: readonly string[];
}

class Reader {
  readonly tensors: OnnxTensor[] = [];
  readonly users = new Map<string, Node[]>();
  graphs = 0;

  constructor(private readonly wire: Wire) {}

  graph(field: Field, depth: number): void {
    if (depth > MAX_DEPTH) throw this.wire.fail(`graphs stand in graphs more than ${MAX_DEPTH} deep`);
    this.graphs++;
    for (const part of this.wire.fields(field.begin, field.end)) {
      if (part.number === 5) this.tensors.push(readTensor(this.wire, part));
      else if (part.number === 1) this.node(part, depth);
    }
  }

  private node(field: Field, depth: number): void {
    const [inputs, outputs, attributes] = [[] as string[], [] as string[], [] as Field[]];
    let op = "";
    for (const part of this.wire.fields(field.begin, field.end)) {
      if (part.number === 1) inputs.push(this.wire.text(part));
      else if (part.number === 2) outputs.push(this.wire.text(part));
      else if (part.number === 4) op = this.wire.text(part);
      else if (part.number === 5) attributes.push(part);
    }
    const node = { op, outputs };
    for (const input of inputs) {
      const known = this.users.get(input);
      if (known === undefined) this.users.set(input, [node]);
      else known.push(node);
    }
    for (const attribute of attributes) this.attribute(attribute, op === "Constant" ? outputs[0] : undefined, depth);
  }

  private attribute({ begin, end }: Field, constant: string | undefined, depth: number): void {
    for (const part of this.wire.fields(begin, end)) {
      if (part.number === 5 && constant !== undefined) this.tensors.push(readTensor(this.wire, part, constant));
      else if (part.number === 6 || part.number === 11) this.graph(part, depth + 1);
    }
  }

  useOf(name: string, passed = 0): TensorUse {
    let use: TensorUse = "none";
    for (const { op, outputs } of this.users.get(name) ?? []) {
      const own =
        passing.has(op) && passed < MAX_PASSED
          ? outputs.map((output) => this.useOf(output, passed + 1)).reduce(join, "none")
          : op === "Gather" || op === "GatherElements"
            ? "rows"
            : "product";
      use = join(use, own);
      if (use === "both") break;
    }
    return use;
  }
}

function join(a: TensorUse, b: TensorUse): TensorUse {
  if (a === "none" || a === b) return b;
  return b === "none" ? a : "both";
}

/**
 * Reads an ONNX model's constants: initializers, and those that nodes hold.
 * @param bytes the whole .onnx file
 * @throws `FormatError` for what is no ONNX model, and for damage
 * Format: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
export function readOnnx(bytes: Uint8Array, file: string): OnnxModel {
  const fail = (problem: string) =>
    new FormatError(`${file}: expected an ONNX model, got ${recogniseForeign(bytes) ?? `damaged bytes: ${problem}`}`, {
      file,
    });
  const wire = new Wire(bytes, fail);
  const reader = new Reader(wire);
  for (const field of wire.fields(0, bytes.length)) if (field.number === 7) reader.graph(field, 0);
  if (reader.graphs === 0) throw fail("there is no graph");
  return { tensors: reader.tensors, useOf: (name) => reader.useOf(name) };
}
