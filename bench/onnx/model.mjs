import { Message } from "./protobuf.mjs";

// Numbers of fields and enumerations: onnx/onnx.proto.
const FLOAT = 1;
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INTEGER = 2;
const OPSET = 17;
const IR_VERSION = 8;

/** A node: `node("Gemm", ["a", "b"], "c", { transA: 1, alpha: 0.5 })`. `alpha` and `beta` are floats, others integers. */
export function node(type, inputs, output, attributes = {}) {
  const message = new Message().repeated("text", 1, inputs).text(2, output).text(4, type);
  for (const [name, value] of Object.entries(attributes)) {
    const float = name === "alpha" || name === "beta";
    const attribute = new Message().text(1, name);
    if (float) attribute.float(2, value).integer(20, ATTRIBUTE_FLOAT);
    else attribute.integer(3, value).integer(20, ATTRIBUTE_INTEGER);
    message.message(5, attribute);
  }
  return message;
}

/**
 * The bytes of a model of float32 tensors.
 * @param {object} graph
 * @param {Message[]} graph.nodes in order of execution
 * @param {Record<string, number[]>} graph.inputs shapes by name
 * @param {Record<string, number[]>} graph.outputs shapes by name
 * @param {Record<string, { shape: number[], data: Float32Array }>} graph.constants
 */
export function onnxModel({ nodes, inputs, outputs, constants }) {
  const graph = new Message().repeated("message", 1, nodes).text(2, "bench");
  for (const [name, { shape, data }] of Object.entries(constants)) graph.message(5, tensor(name, shape, data));
  for (const [name, shape] of Object.entries(inputs)) graph.message(11, valueInfo(name, shape));
  for (const [name, shape] of Object.entries(outputs)) graph.message(12, valueInfo(name, shape));
  const opset = new Message().text(1, "").integer(2, OPSET);
  return new Message().integer(1, IR_VERSION).message(7, graph).message(8, opset).encoded();
}

function tensor(name, shape, data) {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return new Message().repeated("integer", 1, shape).integer(2, FLOAT).text(8, name).bytes(9, raw);
}

function valueInfo(name, shape) {
  const dimensions = new Message();
  for (const length of shape) dimensions.message(1, new Message().integer(1, length));
  const type = new Message().message(1, new Message().integer(1, FLOAT).message(2, dimensions));
  return new Message().text(1, name).message(2, type);
}
