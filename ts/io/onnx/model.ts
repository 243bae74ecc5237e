import { FormatError } from "../../errors/errors.js";
import { recogniseForeign } from "../safetensors/header.js";
import { type FloatTensor, isFloats, isPlaced, type OnnxTensor, type PlacedTensor, readTensor } from "./tensor.js";
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

/** How a model uses a tensor: looked up by index, multiplied or added, or in both ways. */
type TensorUse = "rows" | "product" | "both" | "none";

/** Operations that pass a tensor on, unchanged, reordered or in another type. */
const passing = new Set(["Transpose", "Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Slice", "Split"]);

/** A node of a graph, as far as its inputs' use goes. */
interface Node {
  readonly op: string;
  readonly outputs: readonly string[];
}

/** Operations of the nodes that take a tensor, and of those that take what others only hand on; each name is looked at once. */
function* usersOf(name: string, users: ReadonlyMap<string, readonly Node[]>): Generator<string> {
  const seen = new Set([name]);
  // A set grows while it is walked.
  for (const at of seen)
    for (const { op, outputs } of users.get(at) ?? [])
      if (passing.has(op)) for (const output of outputs) seen.add(output);
      else yield op;
}

/** How each tensor is used, from the last node backwards: each node is looked at a few times at most, however long the chains are. */
function usesOf(users: ReadonlyMap<string, readonly Node[]>): ReadonlyMap<string, TensorUse> {
  const uses = new Map<string, TensorUse>();
  const raised: string[] = [];
  const raise = (name: string, use: TensorUse) => {
    const before = uses.get(name) ?? "none";
    if (join(before, use) === before) return;
    uses.set(name, join(before, use));
    raised.push(name);
  };
  // Nodes that only pass on: input by output.
  const inputs = new Map<Node, string[]>();
  const makers = new Map<string, Node[]>();
  for (const [name, nodes] of users)
    for (const node of nodes) {
      if (!passing.has(node.op)) raise(name, node.op === "Gather" || node.op === "GatherElements" ? "rows" : "product");
      else if (inputs.has(node)) inputs.get(node)!.push(name);
      else {
        inputs.set(node, [name]);
        for (const output of node.outputs) {
          if (makers.has(output)) makers.get(output)!.push(node);
          else makers.set(output, [node]);
        }
      }
    }
  const passed = new Map<Node, TensorUse>();
  for (let name = raised.pop(); name !== undefined; name = raised.pop())
    for (const node of makers.get(name) ?? []) {
      const before = passed.get(node) ?? "none";
      const use = join(before, uses.get(name)!);
      if (use === before) continue;
      passed.set(node, use);
      for (const input of inputs.get(node)!) raise(input, use);
    }
  return uses;
}

/** How many they are. */
const countUsers = (name: string, users: ReadonlyMap<string, readonly Node[]>): number =>
  [...usersOf(name, users)].length;

function join(a: TensorUse, b: TensorUse): TensorUse {
  if (a === "none" || a === b) return b;
  return b === "none" ? a : "both";
}
