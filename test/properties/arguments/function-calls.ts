import type * as api from "../../../ts/index.js";
import { batchOrder } from "../../../ts/train/batch-order.js";
import { permutation } from "../../../ts/nn/random.js";
import {
  frozenMatrix,
  roundedLinear,
  roundedTableProduct,
  setStoredMatrix,
  storedMatrix,
} from "../../../ts/entry/graph.js";
import {
  Adagrad,
  cachedSentenceLoss,
  crossEncoderLoss,
  sentenceLoss,
  Adam,
  AdamW,
  ClassificationHead,
  clipGradNorm,
  clipGradNormLater,
  clipGradValue,
  constantSchedule,
  cosineAnnealingSchedule,
  cosineRestartsSchedule,
  cosineSchedule,
  exponentialSchedule,
  inverseSqrtSchedule,
  oneCycleSchedule,
  polynomialSchedule,
  RMSprop,
  stepSchedule,
  embeddingInit,
  gaussianInit,
  Graph,
  gradNorm,
  kaimingInit,
  loraPlusGroups,
  linearSchedule,
  LoraEmbedding,
  LoraLinear,
  normal,
  orthogonalInit,
  randomInit,
  SGD,
  tensor,
  uniform,
  zeros,
} from "../../../ts/index.js";
import type { dataCalls } from "./data/calls.js";
import type { modelCalls } from "./models/calls.js";
import type { pageCalls } from "./pages/calls.js";
import type { searchCalls } from "./search/calls.js";
import { filled, type Scene } from "./scene.js";

/** A call of a function or constructor: right arguments, everything optional given. */
export interface FunctionCall {
  readonly args: (scene: Scene) => unknown[];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests pass anything
  readonly run: (...args: any[]) => unknown;
}

type Functions = {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- any function or class
  [K in keyof typeof api]: (typeof api)[K] extends ((...args: any[]) => unknown) | (new (...args: any[]) => unknown)
    ? K
    : never;
}[keyof typeof api];

/** Functions and classes of the other tables, and of tests of their own. */
type Elsewhere =
  | `${string}Error`
  | "createEngine"
  | "engineInfo"
  | "init"
  | keyof typeof dataCalls
  | keyof typeof modelCalls
  | keyof typeof pageCalls
  | keyof typeof searchCalls;

/** Exports of `lowrank/graph` that the root does not have. */
type OfGraph = "frozenMatrix" | "roundedLinear" | "roundedTableProduct" | "setStoredMatrix" | "storedMatrix";

// The constructors of the two layers are private, so they are no classes to the type above.
type Own = Exclude<Functions, Elsewhere> | "LoraEmbedding" | "LoraLinear" | OfGraph;

const schedule = () => [{ peak: 0.1, warmup: 2, total: 8 }];
const list = { params: "params", lr: 0.1, weightDecay: 0.2 };

/** Right arguments of every function and constructor of this area. One without a row does not compile. */
export const functionCalls: Record<Own, FunctionCall[]> = {
  AdamW: [
    {
      args: ({ graph, matrix }) => [
        graph,
        [matrix],
        { lr: 0.1, betas: [0.5, 0.75], eps: 0.1, weightDecay: 0.1, amsgrad: true },
      ],
      run: (...args: ConstructorParameters<typeof AdamW>) => new AdamW(...args),
    },
    {
      args: ({ graph, matrix, vector }) => [graph, [{ ...list, params: [matrix] }, { params: [vector] }]],
      run: (...args: ConstructorParameters<typeof AdamW>) => new AdamW(...args),
    },
  ],
  Adam: [
    {
      args: ({ graph, matrix }) => [graph, [matrix], { lr: 0.1, betas: [0.5, 0.75], eps: 0.1, weightDecay: 0.1 }],
      run: (...args: ConstructorParameters<typeof Adam>) => new Adam(...args),
    },
  ],
  Adagrad: [
    {
      args: ({ graph, matrix }) => [graph, [matrix], { lr: 0.1, lrDecay: 0.1, weightDecay: 0.1, eps: 0.1 }],
      run: (...args: ConstructorParameters<typeof Adagrad>) => new Adagrad(...args),
    },
  ],
  RMSprop: [
    {
      args: ({ graph, matrix }) => [
        graph,
        [matrix],
        { lr: 0.1, alpha: 0.5, eps: 0.1, weightDecay: 0.1, momentum: 0.5, centered: true },
      ],
      run: (...args: ConstructorParameters<typeof RMSprop>) => new RMSprop(...args),
    },
  ],
  ClassificationHead: [
    {
      args: ({ graph }) => [graph, filled(3, 2), filled(2)],
      run: (...args: ConstructorParameters<typeof ClassificationHead>) => new ClassificationHead(...args),
    },
    {
      args: ({ graph }) => [graph, 3, 2],
      run: (...args: Parameters<typeof ClassificationHead.create>) => ClassificationHead.create(...args),
    },
  ],
  cachedSentenceLoss: [
    {
      args: ({ graph }) => [graph, "cosent", [filled(2, 3), filled(2, 3)], { labels: [0, 1], scale: 10 }],
      run: (...args: Parameters<typeof cachedSentenceLoss>) => cachedSentenceLoss(...args),
    },
  ],
  crossEncoderLoss: [
    {
      args: ({ graph, matrix }) => [
        graph,
        "cross-entropy",
        [matrix],
        { labels: [0, 2], weight: [1, 2, 3], labelSmoothing: 0.1, activationFn: "sigmoid" },
      ],
      run: (...args: Parameters<typeof crossEncoderLoss>) => crossEncoderLoss(...args),
    },
    {
      args: ({ graph, vector }) => [graph, "lambda", [vector], { labels: [[1, 2], [0]], k: 2, sigma: 2, mu: 3 }],
      run: (...args: Parameters<typeof crossEncoderLoss>) => crossEncoderLoss(...args),
    },
  ],
  sentenceLoss: [
    {
      args: ({ graph, matrix }) => [
        graph,
        "multiple-negatives-ranking",
        [matrix, matrix],
        {
          scale: 10,
          similarityFct: "dot",
          directions: ["query_to_doc"],
          hardnessMode: "all_negatives",
          hardnessStrength: 1,
        },
      ],
      run: (...args: Parameters<typeof sentenceLoss>) => sentenceLoss(...args),
    },
    {
      args: ({ graph, matrix }) => [
        graph,
        "softmax",
        [matrix, matrix],
        { labels: [0, 1], head: { weight: filled(9, 2), bias: [0, 1] }, numLabels: 2, concatenationSentRep: true },
      ],
      run: (...args: Parameters<typeof sentenceLoss>) => sentenceLoss(...args),
    },
    {
      args: ({ graph, matrix }) => [
        graph,
        "matryoshka",
        [matrix],
        { matryoshkaDims: [2], matryoshkaWeights: [1], inner: { name: "mse", options: { teacher: [filled(2, 3)] } } },
      ],
      run: (...args: Parameters<typeof sentenceLoss>) => sentenceLoss(...args),
    },
  ],
  Graph: [{ args: () => [{ seed: 3, packedCopies: 1 }], run: (options) => new Graph(options as object).dispose() }],
  LoraEmbedding: [
    {
      args: ({ graph, weight }) => [graph, weight, 3, 4, { rank: 2, alpha: 4, rslora: true, dora: true }],
      run: (...args: Parameters<typeof LoraEmbedding.fromTable>) => LoraEmbedding.fromTable(...args),
    },
  ],
  LoraLinear: [
    {
      args: ({ graph }) => [
        graph,
        3,
        4,
        { rank: 2, alpha: 4, rslora: true, dora: false, dropout: 0.5, init: kaimingInit() },
      ],
      run: (...args: Parameters<typeof LoraLinear.create>) => LoraLinear.create(...args),
    },
    {
      args: ({ graph, weight }) => [graph, weight, null, 3, 4, { dora: true }],
      run: (...args: Parameters<typeof LoraLinear.fromLinear>) => LoraLinear.fromLinear(...args),
    },
    {
      args: ({ graph }) => [graph, { a: filled(3, 1), b: filled(1, 4) }],
      run: (graph: Graph, made: never) => LoraLinear.create(graph, 3, 4, { rank: 1, init: () => made }),
    },
  ],
  SGD: [
    {
      args: ({ graph, matrix }) => [
        graph,
        [matrix],
        { lr: 0.1, momentum: 0.5, dampening: 0, weightDecay: 0.1, nesterov: true },
      ],
      run: (...args: ConstructorParameters<typeof SGD>) => new SGD(...args),
    },
  ],
  clipGradNorm: [{ args: ({ graph, matrix, square }) => [graph, [matrix, square], 0.5], run: clipGradNorm }],
  clipGradNormLater: [{ args: ({ graph, matrix, square }) => [graph, [matrix, square], 0.5], run: clipGradNormLater }],
  clipGradValue: [{ args: ({ graph, matrix, square }) => [graph, [matrix, square], 0.5], run: clipGradValue }],
  constantSchedule: [
    { args: () => [{ peak: 0.1, warmup: 2 }], run: constantSchedule },
    { args: () => [3], run: (step: number) => constantSchedule({ peak: 1 })(step) },
  ],
  cosineSchedule: [
    { args: schedule, run: cosineSchedule },
    { args: () => [3], run: (step: number) => cosineSchedule({ peak: 1, total: 8 })(step) },
  ],
  cosineAnnealingSchedule: [{ args: () => [{ peak: 0.1, total: 8, least: 0.01 }], run: cosineAnnealingSchedule }],
  cosineRestartsSchedule: [
    { args: () => [{ peak: 0.1, warmup: 2, total: 8, cycles: 2 }], run: cosineRestartsSchedule },
    { args: () => [3], run: (step: number) => cosineRestartsSchedule({ peak: 1, total: 8 })(step) },
  ],
  exponentialSchedule: [{ args: () => [{ peak: 0.1, gamma: 0.5 }], run: exponentialSchedule }],
  inverseSqrtSchedule: [{ args: () => [{ peak: 0.1, warmup: 2, timescale: 8 }], run: inverseSqrtSchedule }],
  oneCycleSchedule: [
    {
      args: () => [{ peak: 0.1, total: 8, pctStart: 0.5, divFactor: 5, finalDivFactor: 50 }],
      run: oneCycleSchedule,
    },
    { args: () => [3], run: (step: number) => oneCycleSchedule({ peak: 1, total: 8 })(step) },
  ],
  polynomialSchedule: [
    { args: () => [{ peak: 0.1, warmup: 2, total: 8, power: 2, end: 0.01 }], run: polynomialSchedule },
  ],
  stepSchedule: [
    { args: () => [{ peak: 0.1, stepSize: 2, gamma: 0.5 }], run: stepSchedule },
    { args: () => [3], run: (step: number) => stepSchedule({ peak: 1, stepSize: 2 })(step) },
  ],
  frozenMatrix: [
    {
      args: ({ graph }) => [graph, { shape: [2, 3], format: "f16", transposed: true, bytes: new Uint8Array(12) }],
      run: frozenMatrix,
    },
  ],
  roundedTableProduct: [{ args: ({ graph, matrix, table }) => [graph, matrix, table], run: roundedTableProduct }],
  roundedLinear: [{ args: ({ graph, matrix, grouped, spare }) => [graph, matrix, grouped, spare], run: roundedLinear }],
  embeddingInit: [{ args: () => [], run: embeddingInit }],
  gaussianInit: [{ args: () => [0.5], run: gaussianInit }],
  gradNorm: [{ args: ({ graph, matrix, square }) => [graph, [matrix, square]], run: gradNorm }],
  kaimingInit: [{ args: () => [], run: kaimingInit }],
  loraPlusGroups: [
    {
      args: ({ graph, layer, matrix }) => [
        [{ loraA: layer.loraA, loraB: layer.loraB }],
        { lr: 0.1, ratio: 2, embeddingLr: 0.5, weightDecay: 0.25, others: [matrix], graph },
      ],
      run: (...args: Parameters<typeof loraPlusGroups>) => loraPlusGroups(...args),
    },
  ],
  linearSchedule: [
    { args: schedule, run: linearSchedule },
    { args: () => [3], run: (step: number) => linearSchedule({ peak: 1, total: 8 })(step) },
  ],
  normal: [{ args: ({ graph }) => [graph, [2, 3], 0.5], run: normal }],
  orthogonalInit: [{ args: () => [], run: orthogonalInit }],
  randomInit: [{ args: () => [], run: randomInit }],
  setStoredMatrix: [
    {
      args: ({ graph, stored }) => [graph, stored, { shape: [2, 3], format: "bf16", bytes: [new Uint8Array(12)] }],
      run: setStoredMatrix,
    },
  ],
  storedMatrix: [{ args: ({ graph, stored }) => [graph, stored], run: storedMatrix }],
  tensor: [
    {
      args: () => [
        [2, 2],
        [1, 2, 3, 4],
      ],
      run: tensor,
    },
  ],
  uniform: [{ args: ({ graph }) => [graph, [2, 3], 0.5], run: uniform }],
  zeros: [{ args: () => [[2, 3]], run: zeros }],
};

/** Functions that only this package calls. */
export const internalCalls: Record<string, FunctionCall[]> = {
  batchOrder: [
    { args: () => [10, 3, 0], run: batchOrder },
    { args: () => [4], run: (step: number) => batchOrder(10, 3, 0)(step) },
  ],
  permutation: [{ args: () => [10, 3, 0], run: permutation }],
};
