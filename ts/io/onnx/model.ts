import { FormatError } from "../../errors/errors.js";
import { recogniseForeign } from "../safetensors/foreign.js";
import { type FloatTensor, isFloats, isPlaced, type OnnxTensor, type PlacedTensor, readTensor } from "./tensor.js";
import { countUsers, type Node, type TensorUse, usesOf } from "./uses.js";
import { type Field, type FileBytes, Wire } from "./wire.js";

/** The constants of an ONNX model, and their uses. */
export interface OnnxModel {
  /** Float constants whose elements can be read and replaced in place. */
  readonly tensors: readonly FloatTensor[];
  /** Constants of any type in other files. */
  readonly beside: readonly PlacedTensor[];
  useOf(name: string): TensorUse;
  /** Nodes that take a constant, or what others only hand on of it. */
  countUsers(name: string): number;
}

/** Graphs in graphs (branches, loops) that are followed. */
const MAX_DEPTH = 16;
/** Memory for a graph's names, in bytes: some 100,000 times a transformer's layer. */
const MOST_HELD = 256 * 1024 * 1024;
/** Approximate memory of a name besides its characters, with its node or constant. */
const HELD = 200;
/** Number of first bytes that identify another kind of file. */
const START = 64;

class Reader {
  readonly tensors: FloatTensor[] = [];
  readonly beside: PlacedTensor[] = [];
  readonly users = new Map<string, Node[]>();
  graphs = 0;
  private held = 0;

  constructor(private readonly wire: Wire) {}

  graph(field: Field, depth: number): void {
    if (depth > MAX_DEPTH) throw this.wire.fail(`graphs stand in graphs more than ${MAX_DEPTH} deep`);
    this.graphs++;
    for (const part of this.wire.fields(field.begin, field.end)) {
      if (part.number === 5) this.constant(readTensor(this.wire, part));
      else if (part.number === 1) this.node(part, depth);
    }
  }

  private constant(tensor: OnnxTensor): void {
    if (!isPlaced(tensor)) return;
    const isBeside = tensor.place.location !== null;
    if (!isBeside && !isFloats(tensor)) return;
    this.hold(tensor.name);
    if (isBeside) this.beside.push(tensor);
    if (isFloats(tensor)) this.tensors.push(tensor);
  }

  private node(field: Field, depth: number): void {
    const [inputs, outputs] = [[] as string[], [] as string[]];
    let [op, attributes] = ["", 0];
    const parts = () => this.wire.fields(field.begin, field.end);
    for (const part of parts()) {
      if (part.number === 1) inputs.push(this.hold(this.wire.text(part)));
      else if (part.number === 2) outputs.push(this.hold(this.wire.text(part)));
      else if (part.number === 4) op = this.wire.text(part);
      else if (part.number === 5) attributes++;
    }
    const node = { op, outputs };
    // Once for each name, even if it occurs several times: for each user, the outputs of a node are visited.
    for (const input of new Set(inputs)) {
      const known = this.users.get(input);
      if (known === undefined) this.users.set(input, [node]);
      else known.push(node);
    }
    if (attributes === 0) return;
    for (const part of parts())
      if (part.number === 5) this.attribute(part, op === "Constant" ? outputs[0] : undefined, depth);
  }

  private attribute({ begin, end }: Field, constant: string | undefined, depth: number): void {
    for (const part of this.wire.fields(begin, end)) {
      if (part.number === 5 && constant !== undefined) this.constant(readTensor(this.wire, part, constant));
      else if (part.number === 6 || part.number === 11) this.graph(part, depth + 1);
    }
  }

  /** Counts a name's memory. Throws if a graph has too many names for a model. */
  private hold(name: string): string {
    this.held += HELD + 2 * name.length;
    if (this.held > MOST_HELD)
      throw this.wire.fail(
        `its graph has more nodes and constants than ${MOST_HELD / 1024 / 1024} MiB hold the names of`,
      );
    return name;
  }
}

/** The length of a header of JSON in eight bytes, the upper ones 0, and how it begins. */
const isSafetensors = (start: Uint8Array) => start[8] === 0x7b && start.subarray(5, 8).every((byte) => byte === 0);

/**
 * Reads an ONNX model's constants: initializers, and those that nodes hold. Their elements are not read.
 * @param bytes the whole .onnx file
 * @throws `FormatError` for files that are not ONNX, and for damaged ones
 * Format: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
export function readOnnx(bytes: FileBytes, file: string): OnnxModel {
  const start = bytes.read(0, Math.min(START, bytes.size));
  const foreign = isSafetensors(start) ? "a safetensors file" : recogniseForeign(start);
  const fail = (problem: string) =>
    new FormatError(`${file}: expected an ONNX model, got ${foreign ?? `damaged bytes: ${problem}`}`, {
      file,
    });
  const wire = new Wire(bytes, fail);
  const reader = new Reader(wire);
  for (const field of wire.fields(0, bytes.size)) if (field.number === 7) reader.graph(field, 0);
  if (reader.graphs === 0) throw fail("there is no graph");
  const { tensors, beside, users } = reader;
  const uses = usesOf(users);
  return { tensors, beside, useOf: (name) => uses.get(name) ?? "none", countUsers: (name) => countUsers(name, users) };
}
