import { UnsupportedError } from "../../errors/errors.js";
import type { NodeId } from "../../graph/graph.js";
import type { SavedFiles } from "../../io/file-access.js";
import { transpose } from "../../io/peft/conv1d.js";
import { isAllLinear } from "../../io/peft/paths/targets.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { type BeforeTokenHead, isDeepTokenHead, TOKEN_OUT } from "../../models/sentence/token-head.js";
import type { ModelAdapter } from "../../adapters/model-adapter.js";
import type { ClassificationHead } from "../../nn/classification-head.js";
import type { Tensor } from "../../values/tensor.js";
import { withHead } from "../head/peft-head.js";

/** The head on an encoder's tokens. */
export interface TokenHead {
  readonly before: BeforeTokenHead;
  readonly out: ClassificationHead;
  /** Whether the last layer has a bias. */
  readonly hasBias: boolean;
}

/** Its trained parameters. */
export const trainedOf = ({ out, hasBias }: TokenHead): NodeId[] => (hasBias ? out.params() : [out.weight]);

/**
 * The head's layers before the last one: none, or the checkpoint's. Throws `UnsupportedError` if the architecture has layers there that
 * these files lack.
 */
export function beforeHead(what: string, { tokenHead, headPlan, name }: SentenceEncoder): BeforeTokenHead {
  if (tokenHead !== null) return tokenHead.before;
  if (!isDeepTokenHead(headPlan)) return (hidden) => hidden;
  throw new UnsupportedError(
    `${what}: a head for tokens of this architecture has a layer and a norm before its last layer, which ${name} lacks: open a checkpoint of AutoModelForTokenClassification with \`TokenClassifier.open\` and the option \`lora\``,
    { op: what, model: name },
  );
}

/** Whether transformers' model for tokens lacks this module of a bare encoder: the pooler. */
export const isPooler = (path: string) => path.split(".")[0] === "pooler";

/** Adapter and head as PEFT's files for transformers' `AutoModelForTokenClassification`. */
export function writePeftTokens(
  { headPlan, tokenHead }: SentenceEncoder,
  adapter: ModelAdapter,
  { out, hasBias }: TokenHead,
): SavedFiles {
  const { graph } = out;
  const last: Record<string, Tensor> = { [`${TOKEN_OUT}.weight`]: transpose(graph.value(out.weight)) };
  if (hasBias) last[`${TOKEN_OUT}.bias`] = graph.value(out.bias);
  const file = adapter.toFile();
  // With "all-linear", PEFT would also target the head, which it cannot both adapt and save.
  const targetModules = isAllLinear(file.config.targetModules) ? [...file.layers.keys()] : file.config.targetModules;
  const beside = [...(tokenHead?.linears ?? []).flatMap(({ parts }) => parts), ...(tokenHead?.norms ?? [])];
  return withHead(
    { ...file, config: { ...file.config, targetModules } },
    {
      taskType: "TOKEN_CLS",
      prefix: headPlan.prefix,
      beside: beside.map(({ path }) => path),
      before: {},
      last,
      saved: [TOKEN_OUT],
    },
  );
}
