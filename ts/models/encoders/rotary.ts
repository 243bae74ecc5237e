import {
  type ForwardOptions,
  type HeadPlan,
  type LinearShape,
  type ModelPlan,
  part,
  type StepSize,
  type TransformerConfig,
} from "../architecture.js";
import {
  linearPart,
  type ModelTraits,
  normPart,
  planOf,
  ReadModel,
  type ReadTable,
  tablePart,
  typesPart,
} from "../weight-table.js";
import { ModelError, UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { type Activation, activations, type ConfigJson, positive, word } from "../config-values.js";
import type { AdapterSelection } from "../../adapters/adapter-selection.js";
import type { NodeId } from "../../graph/graph.js";
import type { RaggedBatch } from "../ragged-batch.js";
import { frequenciesOf, rotate, type Rotation, rotationOf } from "../rotary-embedding.js";

/** The plan of an encoder with rotated queries and keys and a gated inner layer. */
export function rotaryEncoder(
  config: RotaryConfig,
  names: RotaryNames,
  targetModules: readonly string[],
  head: HeadPlan,
): ModelPlan {
  const traits: ModelTraits = {
    normEps: config.layerNormEps,
    inferenceMemory: (tokens) => inferenceMemory(config, tokens),
    stepMemory: (step) => stepMemory(config, step),
  };
  const plan = planOf(config, rotaryTable(config, names), traits, (graph, weights) => {
    return new RotaryEncoder(graph, config, weights, traits);
  });
  return { ...plan, head, targetModules, packedCopies: 2, usualWeights: () => "f32" };
}

/** How a layer attends. */
export interface LayerAttention {
  /** Base of its rotation's frequencies. */
  readonly theta: number;
  /** A token sees those at most so far from it; null for all. */
  readonly window: number | null;
}

/** Sizes and constants of an encoder that turns queries and keys by their positions and has a gated inner layer. */
export interface RotaryConfig extends TransformerConfig {
  readonly heads: number;
  readonly intermediateSize: number;
  /** 0 for none. */
  readonly typeVocabularySize: number;
  /** Whether norms stand before attention and inner layer, and one after the last layer; else after each sum. */
  readonly preNorm: boolean;
  readonly attentionBias: boolean;
  readonly mlpBias: boolean;
  readonly normBias: boolean;
  readonly layerNormEps: number;
  readonly activation: Activation;
  /** Attention of layer `i`. */
  readonly attention: (i: number) => LayerAttention;
}

/** Throws `ModelError` where heads do not share the width evenly, or have no pairs of features. */
export function headsOf(hiddenSize: number, heads: number): number {
  if (hiddenSize % (2 * heads) === 0) return heads;
  throw new ModelError(
    `config.json: hidden_size ${hiddenSize} is no multiple of twice num_attention_heads ${heads}, whose features turn in pairs`,
    { key: "num_attention_heads", value: heads },
  );
}

/** The base of a rotation that `rope_parameters`, or a part of them, describe. Throws `UnsupportedError` for scaled ones. */
export function thetaOf(parameters: unknown, what: string, fallback: number): number {
  if (parameters === undefined || parameters === null) return fallback;
  if (typeof parameters !== "object" || Array.isArray(parameters))
    throw new ModelError(`config.json: ${what} must be an object, got ${excerpt(parameters)}`, { key: what });
  const json = parameters as ConfigJson;
  // Earlier versions of transformers wrote "type".
  word(json, json["rope_type"] === undefined ? "type" : "rope_type", ["default"]);
  if ((json["partial_rotary_factor"] ?? 1) !== 1)
    throw new UnsupportedError(
      `config.json: ${what}: partial_rotary_factor ${excerpt(json["partial_rotary_factor"])} is not supported; 1 is`,
      { key: "partial_rotary_factor" },
    );
  return positive(json, "rope_theta", fallback);
}

/** The rotation of a batch's tokens, by its base. */
type Rotations = (theta: number) => Rotation;

/**
 * An encoder whose queries and keys are turned by their positions and whose inner layer is gated (GLU, arXiv 2002.05202), with
 * norms before or after. On ragged batches; dropout of the base is off.
 */
class RotaryEncoder extends ReadModel<RotaryConfig, RotaryWeights> {
  override forward(batch: RaggedBatch, selection: AdapterSelection, options: ForwardOptions = {}): NodeId {
    const rotations = this.rotations(batch);
    let x = part(this.graph, options, [], () => this.embed(batch, selection));
    for (let i = 0; i < this.config.layers; i++)
      x = part(this.graph, options, [x], (input) =>
        this.feedForward(this.attend(input, i, batch, rotations, selection), i, selection),
      );
    return this.norm(x, this.weights.finalNorm, selection);
  }

  override infer(batch: RaggedBatch, selection: AdapterSelection): NodeId {
    const { graph, config } = this;
    const rotations = this.rotations(batch);
    const after = (layers: number): NodeId =>
      graph.scope(() => {
        if (layers === 0) return this.embed(batch, selection);
        const attended = graph.scope(() => this.attend(after(layers - 1), layers - 1, batch, rotations, selection));
        return this.feedForward(attended, layers - 1, selection);
      });
    return graph.scope(() => this.norm(after(config.layers), this.weights.finalNorm, selection));
  }

  private embed({ ids, types }: RaggedBatch, selection: AdapterSelection): NodeId {
    const { graph, weights } = this;
    const words = weights.words.forward(ids, selection);
    const typed = weights.type === null ? words : graph.add(words, weights.type.first(ids.length, selection, types));
    return this.norm(typed, weights.embeddingNorm, selection);
  }

  private attend(
    x: NodeId,
    i: number,
    { offsets }: RaggedBatch,
    rotations: Rotations,
    selection: AdapterSelection,
  ): NodeId {
    const { graph, config } = this;
    const { heads, preNorm } = config;
    const { queryKeyValue, attentionOutput, attentionNorm } = this.layer(i);
    const { theta, window } = config.attention(i);
    const qkv = queryKeyValue.forward(preNorm ? this.norm(x, attentionNorm, selection) : x, selection);
    const turned = rotate(graph, qkv, heads, rotations(theta));
    const context = graph.raggedAttention(turned, { offsets, heads, ...(window === null ? {} : { window }) });
    const sum = graph.add(attentionOutput.forward(context, selection), x);
    return preNorm ? sum : this.norm(sum, attentionNorm, selection);
  }

  private feedForward(x: NodeId, i: number, selection: AdapterSelection): NodeId {
    const { graph, config } = this;
    const { preNorm, intermediateSize: inner } = config;
    const { gated, output, outputNorm } = this.layer(i);
    const both = gated.forward(preNorm ? this.norm(x, outputNorm, selection) : x, selection);
    const active = activations[config.activation](graph, graph.slice(both, { dim: 1, start: 0, end: inner }));
    const product = graph.mul(active, graph.slice(both, { dim: 1, start: inner, end: 2 * inner }));
    const sum = graph.add(output.forward(product, selection), x);
    return preNorm ? sum : this.norm(sum, outputNorm, selection);
  }

  private layer(i: number): RotaryLayer {
    return this.weights.layers[i]!;
  }

  /** Made when first asked for: layers share one or two. */
  private rotations({ positions }: RaggedBatch): Rotations {
    const known = new Map<number, Rotation>();
    const headDim = this.config.hiddenSize / this.config.heads;
    return (theta) => {
      const rotation = known.get(theta) ?? rotationOf(positions, frequenciesOf(headDim, theta));
      known.set(theta, rotation);
      return rotation;
    };
  }
}

type Paths = Pick<LinearShape, "paths" | "tensors">;

/** What an architecture calls its modules, and its files their tensors. */
export interface RotaryNames {
  readonly words: string;
  readonly types: string;
  readonly embeddingNorm: string;
  /** Null for none. */
  readonly finalNorm: string | null;
  /** Names of layer `i`. */
  readonly layer: (i: number) => LayerNames;
  /** Module path of a norm that these names call as the file does; default the same. */
  readonly normPath?: (name: string) => string;
}

/** Module paths of one layer, and where the file has other names, those of its tensors. */
interface LayerNames {
  readonly queryKeyValue: Paths;
  readonly attentionOutput: Paths;
  /** What is activated, then what it is multiplied with. */
  readonly gated: Paths;
  readonly output: Paths;
  /** Null for none. */
  readonly attentionNorm: string | null;
  readonly outputNorm: string;
}

/** All weights. */
function rotaryTable(config: RotaryConfig, names: RotaryNames) {
  const { hiddenSize: hidden, intermediateSize: inner, attentionBias, mlpBias, normBias: hasBias } = config;
  const norm = (name: string) => normPart(names.normPath?.(name) ?? name, hidden, { hasBias, name });
  const linear = (named: Paths, inFeatures: number, columns: number, hasBias: boolean) =>
    linearPart({ ...named, inFeatures, outFeatures: columns / named.paths.length, hasBias });
  return {
    first: {
      words: tablePart(names.words, [config.vocabularySize, hidden]),
      type: typesPart(names.types, [config.typeVocabularySize, hidden]),
      embeddingNorm: norm(names.embeddingNorm),
    },
    layers: config.layers,
    layer(i: number) {
      const { queryKeyValue, attentionOutput, gated, output, attentionNorm, outputNorm } = names.layer(i);
      return {
        queryKeyValue: linear(queryKeyValue, hidden, 3 * hidden, attentionBias),
        attentionOutput: linear(attentionOutput, hidden, hidden, attentionBias),
        gated: linear(gated, hidden, 2 * inner, mlpBias),
        output: linear(output, inner, hidden, mlpBias),
        attentionNorm: attentionNorm === null ? null : norm(attentionNorm),
        outputNorm: norm(outputNorm),
      };
    },
    last: { finalNorm: names.finalNorm === null ? null : norm(names.finalNorm) },
  };
}

type RotaryWeights = ReadTable<ReturnType<typeof rotaryTable>>;
type RotaryLayer = RotaryWeights["layers"][number];

const FLOAT = 4;

/**
 * Bytes that the tape of one training step takes. A layer keeps q, k and v before and after their rotation, ten more of the hidden
 * size on its way, their context and six more, and the inner layer's two halves three times; going back, the widest gradients
 * that live at once are two of the inner layer's and twelve of the hidden size. A hundredth goes to rounding blocks up.
 */
function stepMemory(config: RotaryConfig, { tokens, adapted, checkpointing = false }: StepSize): number {
  const { hiddenSize: h, intermediateSize: inner, layers, heads } = config;
  const layer = 24 * h + 6 * inner + heads + 4;
  const forward = checkpointing ? (layers + 2) * h + layer + adapted.widest : layers * layer + 6 * h + 4 + adapted.kept;
  const back = Math.max(tokens * (4 * inner + 12 * h + adapted.back), adapted.norms);
  return Math.ceil(1.01 * FLOAT * (tokens * (forward + adapted.tables) + back + adapted.fixed)) + 65_536;
}

/** Bytes that one batch takes without gradients. */
function inferenceMemory({ hiddenSize: h, intermediateSize: inner }: RotaryConfig, tokens: number): number {
  return FLOAT * tokens * (20 * h + 6 * inner);
}
