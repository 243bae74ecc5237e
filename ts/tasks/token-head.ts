import { ModelError, UnsupportedError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import type { NodeId } from "../graph/graph.js";
import { type ModelSource, readRequiredJson } from "../io/model-source.js";
import { activations } from "../models/activation.js";
import { modelPlan } from "../models/architectures.js";
import { linear, norm } from "../models/named-shapes.js";
import type { SentenceEncoder } from "../models/sentence/sentence-encoder.js";
import { checkTensors } from "../models/tensor-check.js";
import { openWeights } from "../models/tensor-files.js";
import { WeightReader } from "../models/weight-reader.js";
import { labelsFor, namesOf } from "./checkpoint.js";
import type { EncoderOptions } from "./open-classifier.js";

/** The last layer of a checkpoint for token classification, in its encoder's graph. */
export interface TokenHead {
  readonly labels: readonly string[];
  /** Logits `[tokens, classes]` of hidden states `[tokens, hidden]`. */
  readonly logits: (hidden: NodeId) => NodeId;
}

const OUT = "classifier";

/**
 * Loads the head beside the encoder: one linear layer on every token, before which ModernBERT has a layer and a norm. Throws
 * `ModelError` where the source has none, or another shape of it than config.json calls for.
 */
export async function loadTokenHead(
  what: string,
  source: ModelSource,
  { graph, model }: SentenceEncoder,
  { allowNonFinite = false }: EncoderOptions,
): Promise<TokenHead> {
  const json = await readRequiredJson(source, "config.json");
  const [name] = Array.isArray(json["architectures"]) ? json["architectures"] : [];
  if (typeof name !== "string" || !name.endsWith("ForTokenClassification"))
    throw new UnsupportedError(
      `${what}: model ${clip(source.name)}: config.json: architectures ${excerpt(name ?? null)}; a checkpoint for token classification is expected (of whole texts: TextClassifier.open)`,
      { op: what, model: source.name, value: name ?? null },
    );
  const { head } = modelPlan(json);
  const { hiddenSize } = model.config;
  const file = await openWeights(source);
  try {
    const weight = `${OUT}.weight`;
    if (!file.has(weight))
      throw new ModelError(
        `model.safetensors has no tensor "${weight}", which a checkpoint for token classification has`,
        {
          tensor: weight,
        },
      );
    const classes = file.info(weight).shape[0] ?? 0;
    const labels = labelsFor({ source, labels: namesOf(source, json["id2label"] ?? null) }, classes);
    const options = { allowNonFinite, weights: "f32" } as const;
    const hasBias = file.has(`${OUT}.bias`);
    const shape = { paths: [OUT], inFeatures: hiddenSize, outFeatures: classes, hasBias };
    const out = await new WeightReader(graph, file, checkTensors(file, linear(shape)), options).linear(shape);
    const logits = (hidden: NodeId) => out.forward(hidden, []);
    if (head.norm === null) return { labels, logits };
    const inner = { paths: [head.dense], inFeatures: hiddenSize, outFeatures: hiddenSize, hasBias: head.denseBias };
    const dense = await new WeightReader(graph, file, checkTensors(file, linear(inner)), options).linear(inner);
    const { path, hasBias: normBias, eps } = head.norm;
    const names = checkTensors(file, norm(path, hiddenSize, normBias));
    const last = await new WeightReader(graph, file, names, options).norm(path, { hasBias: normBias });
    return {
      labels,
      logits: (hidden) => {
        const active = activations[head.activation](graph, dense.forward(hidden, []));
        return logits(graph.layerNorm(active, last.weight, last.bias, { eps }));
      },
    };
  } finally {
    await file.close();
  }
}
