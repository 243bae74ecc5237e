import { Message } from "../../../bench/onnx/protobuf.mjs";
import type { FileBytes } from "../../../ts/io/onnx/wire.js";

/** A file's bytes that are in memory. */
export const bytesInMemory = (bytes: Uint8Array): FileBytes => ({
  size: bytes.length,
  read: (begin, end) => bytes.subarray(begin, end),
});

/** What a TensorProto says of data in another file. */
type External = Readonly<Record<string, string>>;

/** A TensorProto of floats: with its bytes, or with what it says of where they are. */
export function constant(name: string, dims: readonly number[], data: Uint8Array | External, type = 1): Message {
  const tensor = new Message().repeated("integer", 1, dims).integer(2, type).text(8, name);
  if (data instanceof Uint8Array) return tensor.bytes(9, data);
  for (const [key, value] of Object.entries(data)) tensor.message(13, new Message().text(1, key).text(2, value));
  return tensor.integer(14, 1);
}

export const node = (op: string, inputs: readonly string[], outputs: readonly string[]) =>
  new Message().repeated("text", 1, inputs).repeated("text", 2, outputs).text(4, op);

/** A ModelProto of nodes and constants. */
export function model(nodes: readonly Message[], constants: readonly Message[]): Uint8Array {
  const graph = new Message().repeated("message", 1, nodes).text(2, "graph").repeated("message", 5, constants);
  return new Message().integer(1, 8).message(7, graph).encoded();
}
