import type { AdamW, ClassificationHead, Graph, LoraLinear, NodeId, SGD } from "../../../ts/index.js";
import type * as ops from "../../../ts/ops/all.js";
import type { Arguments } from "./scene.js";
import { filled } from "./scene.js";

/** Names of an object's public methods. */
type Methods<T> = Extract<{ [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T], string>;

/** Methods that only this package calls; and one that answers later, see test/engine/engines.test.ts. */
type Internal =
  | "read" | "readGrad" | "node" | "push" | "nextStream" | "allocateOwned" | "releaseOwned" | "frozenWeight" | "withRounding" | "withScratch"
  | "assertUsable" | "keeping" | "asThen" | "inSegment" | "fenced" | "assertOutsideSegment"; // prettier-ignore

/** Right arguments of a graph's other methods. One without a row does not compile. */
export const graphCalls: Record<Exclude<Methods<Graph>, keyof typeof ops | Internal>, Arguments[]> = {
  allOrNothing: [() => [() => 1]],
  backward: [({ loss }) => [loss], ({ matrix, square, graph }) => [graph.matmul(matrix, square), filled(2, 3)]],
  checkpoint: [({ graph, matrix }) => [(x: NodeId) => graph.neg(x), [matrix]]],
  columns: [({ weight }) => [weight, 1, 2], ({ stored }) => [stored, 1, 2]],
  constant: [() => [filled(2, 3)]],
  dispose: [() => []],
  eval: [() => []],
  grad: [({ matrix }) => [matrix]],
  mark: [() => []],
  noGrad: [() => [() => 1]],
  release: [({ spare }) => [[spare]]],
  requiresGrad: [({ matrix }) => [matrix]],
  reserve: [() => [1024]],
  rewind: [({ mark }) => [mark]],
  scope: [({ graph, matrix }) => [() => graph.neg(matrix)]],
  setValue: [({ matrix }) => [matrix, filled(2, 3)]],
  shape: [({ matrix }) => [matrix]],
  step: [() => [() => 1]],
  train: [() => []],
  value: [({ matrix }) => [matrix]],
  variable: [() => [filled(2, 3)]],
  view: [({ matrix }) => [matrix, (array: Float32Array) => array[0]]],
  zeroGrads: [() => []],
};

/** Right arguments of every method of AdamW; SGD's are the same. */
export const optimizerCalls: Record<Methods<AdamW | SGD>, Arguments[]> = {
  dispose: [() => []],
  load: [({ adamw }) => [adamw.state()]],
  params: [() => []],
  readState: [() => []],
  state: [() => []],
  step: [() => []],
  zeroGrad: [() => []],
};

/** Right arguments of every method of a layer; of the one that answers later see test/nn/golden.test.ts. */
export const layerCalls: Record<Exclude<Methods<LoraLinear>, "readMerged">, Arguments[]> = {
  clone: [() => []],
  forward: [({ graph, matrix }) => [graph, matrix]],
  merge: [({ graph }) => [graph]],
  toString: [() => []],
  trainableParams: [() => []],
  withBias: [({ graph }) => [graph, filled(4)]],
};

/** Right arguments of every method of a head. */
export const headCalls: Record<Methods<ClassificationHead>, Arguments[]> = {
  clone: [() => []],
  logits: [({ matrix }) => [matrix]],
  params: [() => []],
  snapshot: [() => []],
};
