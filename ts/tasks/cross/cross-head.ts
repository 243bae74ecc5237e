import type { AdapterSelection } from "../../adapters/adapter-selection.js";
import type { ModelAdapter } from "../../adapters/model-adapter.js";
import { ModelError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { transpose } from "../../io/peft/conv1d.js";
import type { HeadPlan, TransformerModel } from "../../models/architecture.js";
import { activations } from "../../models/config-values.js";
import { moduleOf } from "../../models/sentence/head-layer.js";
import { Pooling } from "../../models/sentence/pooling.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { ClassificationHead } from "../../nn/classification-head.js";
import { normal } from "../../nn/random.js";
import type { PairTokenizer } from "../../tokenize/pair-tokens.js";
import { formatShape, sameShape, type Tensor, zeros } from "../../values/tensor.js";
import type { CrossActivation } from "./cross-options.js";

/** Standard deviation of a new layer's weight, as in BERT. */
const DEVIATION = 0.02;

/** A head's tensors by their names in a file, without the prefix of the model's own. */
export type HeadTensors = ReadonlyMap<string, Tensor>;

/** A head's values at one time, in a graph. */
interface HeadParts<T> {
  /** `[hidden, hidden]` and `[hidden]` of the layer before the last; null if that layer is the model's own. */
  readonly dense: Part<T> | null;
  readonly norm: Part<T> | null;
}

/** A layer's weight and bias. */
interface Part<T> {
  readonly weight: T;
  readonly bias: T | null;
}

/**
 * The head of transformers' AutoModelForSequenceClassification on a model: a vector of each text, a layer with an activation, perhaps a norm,
 * and the layer that computes logits. Its own layers are trained; BERT's pooler, which is the model's, is not.
 */
export class CrossHead {
  /** The last layer. */
  readonly out: ClassificationHead;
  /** Layout of pairs of this model: null, they are as the tokenizer has them. */
  readonly pairs = null;
  private readonly nodes: HeadParts<NodeId>;

  /** @param tensors of the head, in a file's orientation; those of the model's own layer may be missing */
  constructor(
    private readonly graph: Graph,
    private readonly model: TransformerModel,
    readonly plan: HeadPlan,
    tensors: HeadTensors,
  ) {
    const { hiddenSize } = model.config;
    const read = (name: string, shape: readonly number[]) => {
      const tensor = tensors.get(name);
      if (tensor === undefined || !sameShape(tensor.shape, shape))
        throw new ModelError(
          `a cross-encoder's head has ${name} ${formatShape(shape)}, got ${tensor === undefined ? "none" : formatShape(tensor.shape)}`,
          { tensor: name, expected: shape, found: tensor?.shape },
        );
      return tensor;
    };
    const { dense, denseBias, norm, out } = plan;
    // One without rows has no logit; the check below says so.
    const labels = tensors.get(`${out}.weight`)?.shape[0] || 1;
    const [weight, bias] = [read(`${out}.weight`, [labels, hiddenSize]), read(`${out}.bias`, [labels])];
    const place = (tensor: Tensor) =>
      this.isTrained(`${dense}.weight`) ? graph.variable(tensor) : graph.constant(tensor);
    this.nodes = {
      dense: this.isModels(tensors)
        ? null
        : {
            weight: place(transpose(read(`${dense}.weight`, [hiddenSize, hiddenSize]))),
            bias: denseBias ? place(read(`${dense}.bias`, [hiddenSize])) : null,
          },
      norm: norm && {
        weight: graph.variable(read(`${norm.path}.weight`, [hiddenSize])),
        bias: norm.hasBias ? graph.variable(read(`${norm.path}.bias`, [hiddenSize])) : null,
      },
    };
    this.out = new ClassificationHead(graph, transpose(weight), bias);
  }

  /** A new head: weights ~ N(0, 0.02²), biases 0, norms 1. */
  static create(graph: Graph, model: TransformerModel, plan: HeadPlan, labels: number): CrossHead {
    const { hiddenSize } = model.config;
    const { dense, denseBias, norm, out } = plan;
    const tensors = new Map<string, Tensor>();
    const linear = (path: string, rows: number, hasBias: boolean) => {
      tensors.set(`${path}.weight`, normal(graph, [rows, hiddenSize], DEVIATION));
      if (hasBias) tensors.set(`${path}.bias`, zeros([rows]));
    };
    if (ownLayer(model, plan) === undefined) linear(dense, hiddenSize, denseBias);
    if (norm !== null) {
      tensors.set(`${norm.path}.weight`, { shape: [hiddenSize], data: new Float32Array(hiddenSize).fill(1) });
      if (norm.hasBias) tensors.set(`${norm.path}.bias`, zeros([hiddenSize]));
    }
    linear(out, labels, true);
    return new CrossHead(graph, model, plan, tensors);
  }

  /** Logits `[pairs, labels]` of vectors. */
  logits(vectors: NodeId): NodeId {
    return this.out.logits(vectors);
  }

  /** Number of logits. */
  get labels(): number {
    return this.graph.shape(this.out.bias)[0]!;
  }

  /** What is trained. */
  params(): NodeId[] {
    const { dense, norm } = this.nodes;
    const before = this.isTrained(`${this.plan.dense}.weight`) ? [dense?.weight, dense?.bias] : [];
    return [...before, norm?.weight, norm?.bias, ...this.out.params()].filter(
      (node) => node !== undefined && node !== null,
    );
  }

  /** Every node of the head. */
  all(): NodeId[] {
    const { dense } = this.nodes;
    const frozen = [dense?.weight, dense?.bias].filter((node) => node !== undefined && node !== null);
    return [...new Set([...frozen, ...this.params()])];
  }

  /** Vectors of texts that the last layer takes, recorded for `backward`. */
  get pooling(): Pooling {
    return this.poolingOf(this.nodes);
  }

  /** Vectors and logits with the values that the head has now, whatever is trained afterwards. */
  snapshot(): { readonly pooling: Pooling; readonly logits: (vectors: NodeId) => NodeId } {
    const { graph } = this;
    const values = this.map((node) => graph.value(node));
    const logits = this.out.snapshot();
    // Constants of a step, made in it.
    const pooling = Pooling.ofHead(this.plan.pooling, (_, vectors, selection) => {
      const placed = placedHead(values, (tensor) => graph.constant(tensor));
      return this.layer(placed, vectors, selection, true);
    });
    return { pooling, logits };
  }

  /** The head as a file has it, with BERT's pooler only if it is not in the model's file. */
  tensors(): Map<string, Tensor> {
    const { graph, plan } = this;
    const { dense, norm, out } = plan;
    const values = this.map((node) => graph.value(node));
    const found = new Map<string, Tensor>();
    const set = (path: string, part: { readonly weight: Tensor; readonly bias: Tensor | null } | null) => {
      if (part === null) return;
      found.set(`${path}.weight`, part.weight);
      if (part.bias !== null) found.set(`${path}.bias`, part.bias);
    };
    set(dense, values.dense && { ...values.dense, weight: transpose(values.dense.weight) });
    if (norm !== null) set(norm.path, values.norm);
    set(out, { weight: transpose(graph.value(this.out.weight)), bias: graph.value(this.out.bias) });
    return found;
  }

  /** What a file calls one of the head's tensors: BERT's pooler is part of the model. */
  fileName(name: string): string {
    const { plan, model } = this;
    return name.startsWith(`${plan.dense}.`) && isOfModel(model, plan) ? plan.prefix + name : name;
  }

  /** The modules that PEFT saves whole for it. */
  modules(): string[] {
    return [...new Set([...this.tensors().keys()].map(moduleOf))];
  }

  private isTrained(name: string): boolean {
    return !(name.startsWith(`${this.plan.dense}.`) && isOfModel(this.model, this.plan));
  }

  private isModels(tensors: HeadTensors): boolean {
    return !tensors.has(`${this.plan.dense}.weight`) && ownLayer(this.model, this.plan) !== undefined;
  }

  private map<T>(take: (node: NodeId) => T) {
    return placedHead(this.nodes, take);
  }

  private poolingOf(nodes: HeadParts<NodeId>): Pooling {
    return Pooling.ofHead(this.plan.pooling, (_, vectors, selection) => this.layer(nodes, vectors, selection, false));
  }

  /** @param byRows compute each row's product by itself, so that its bits do not depend on other rows */
  private layer(
    { dense, norm }: HeadParts<NodeId>,
    vectors: NodeId,
    selection: AdapterSelection,
    byRows: boolean,
  ): NodeId {
    const { graph, plan, model } = this;
    const hidden =
      dense === null
        ? ownLayer(model, plan)!.forward(vectors, selection)
        : byRows
          ? rowProducts(graph, vectors, dense)
          : graph.linear(vectors, dense.weight, dense.bias);
    const active = activations[plan.activation](graph, hidden);
    return norm === null ? active : graph.layerNorm(active, norm.weight, norm.bias, { eps: plan.norm!.eps });
  }
}

function rowProducts(graph: Graph, x: NodeId, { weight, bias }: Part<NodeId>): NodeId {
  const [hidden, width] = graph.shape(weight) as [number, number];
  const rows = graph.matmul(graph.reshape(x, [-1, 1, hidden]), graph.reshape(weight, [1, hidden, width]));
  const products = graph.reshape(rows, [-1, width]);
  return bias === null ? products : graph.add(products, bias);
}

function placedHead<N, T>({ dense, norm }: HeadParts<N>, take: (node: N) => T): HeadParts<T> {
  const part = (of: Part<N> | null) => of && { weight: take(of.weight), bias: of.bias === null ? null : take(of.bias) };
  return { dense: part(dense), norm: part(norm) };
}

/** The model's own layer before the last, if its file has one: BERT's pooler. */
const ownLayer = (model: TransformerModel, { dense }: HeadPlan) =>
  model.linears().find(({ parts }) => parts[0]!.path === dense);

/** Whether the layer before the last is the model's, also if its file lacks it. */
const isOfModel = (model: TransformerModel, plan: HeadPlan) =>
  ownLayer(model, plan) !== undefined || model.absent.includes(plan.dense);

/** What a language model's answers to pairs are, in its files. */
export interface AnswerSettings {
  /** Ids of the tokens whose logits' difference is the score: "yes" and "no". Without the second, the first one's logit is. */
  readonly yes: number;
  readonly no: number | null;
  /** The chat template that writes a pair. */
  readonly template: string;
  /** The instruction in it; null for the template's own. */
  readonly prompt: string | null;
}

/**
 * The score of a language model that was trained to answer "yes" or "no" after two texts: the logit of the one token minus that of the
 * other, at the last token. The two rows of the model's output layer are frozen, so only an adapter is trained.
 */
export class AnswerHead {
  readonly labels = 1;
  private readonly weight: NodeId;

  /** @param weight `[hidden]`: the difference of the rows */
  constructor(
    private readonly graph: Graph,
    weight: Float32Array,
    readonly answers: AnswerSettings,
    /** Turns pairs into tokens. */
    readonly pairs: Pick<PairTokenizer, "encode" | "encodeSteps">,
  ) {
    this.weight = graph.constant({ shape: [1, weight.length, 1], data: weight });
  }

  readonly pooling = new Pooling(["lasttoken"]);

  /** Scores `[pairs, 1]` of vectors `[pairs, hidden]`, each by its own product. */
  readonly logits = (vectors: NodeId): NodeId => {
    const { graph, weight } = this;
    const [pairs, hidden] = graph.shape(vectors) as [number, number];
    return graph.reshape(graph.matmul(graph.reshape(vectors, [pairs, 1, hidden]), weight), [pairs, 1]);
  };

  snapshot() {
    return { pooling: this.pooling, logits: this.logits };
  }

  params(): NodeId[] {
    return [];
  }

  all(): NodeId[] {
    return [this.weight];
  }
}

/** The parts of a cross-encoder. */
export interface CrossParts {
  readonly encoder: SentenceEncoder;
  readonly head: CrossHead | AnswerHead;
  /** Names of the logits. */
  readonly labels: readonly string[];
  /** Null if only the head is trained. */
  readonly modelAdapter: ModelAdapter | null;
  readonly activation: CrossActivation;
  readonly ownsEncoder: boolean;
}
