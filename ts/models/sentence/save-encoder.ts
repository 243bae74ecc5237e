import type { SavedFiles } from "../../io/file-access.js";
import { type Adapter, writeAdapter } from "../../io/peft/index.js";
import { readRequiredJson } from "../../io/model-source.js";
import { WEIGHTS } from "../../io/safetensors/index.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { totalWidth } from "../architecture.js";
import {
  checkBaseUnchanged,
  type Files,
  jsonBytes,
  modelCard,
  modulesFile,
  requiredBytes,
  type SavedEncoder,
  savedWeights,
  taskFile,
  textBytes,
  tokenizerFiles,
  versions,
} from "./folder-files.js";

const TRANSFORMER = "base.modules.transformer.Transformer";

/** PyTorch's classes of activations. */
const activations: Readonly<Record<string, string>> = {
  identity: "torch.nn.modules.linear.Identity",
  sigmoid: "torch.nn.modules.activation.Sigmoid",
  tanh: "torch.nn.modules.activation.Tanh",
  relu: "torch.nn.modules.activation.ReLU",
  gelu: "torch.nn.modules.activation.GELU",
  silu: "torch.nn.modules.activation.SiLU",
};

/** Inputs and outputs of modules that take a sentence vector and return one. */
const PLACE = { module_input_name: "sentence_embedding", module_output_name: "sentence_embedding" };

/**
 * The files of a sentence-transformers folder. Its adapter is written as PEFT has it, without weights, or merged into the weights. Throws
 * `AdapterError` and `MemoryError` as `savedWeights`, `ModelError` if the model's own files are gone or changed.
 */
export async function saveEncoder(saved: SavedEncoder): Promise<SavedFiles> {
  const { adapter, merged, layout, tokenizer, base, hiddenSize, signal } = saved;
  throwIfAborted(signal);
  const source = await saved.reopen();
  throwIfAborted(signal);
  const files: Files = { ...(await tokenizerFiles(source, tokenizer)) };
  if (adapter !== null && !merged) Object.assign(files, adapterFiles(adapter.file, base));
  else {
    await checkBaseUnchanged(saved, source);
    const config = await readRequiredJson(source, "config.json");
    files["config.json"] = await requiredBytes(source, "config.json");
    files[WEIGHTS] = await savedWeights({ engine: saved.engine, source, config, adapter, signal });
  }
  const modules = [{ path: "", type: TRANSFORMER }];
  const add = (kind: string, type: string, config: object) => {
    const path = `${modules.length}_${kind}`;
    modules.push({ path, type });
    files[`${path}/config.json`] = jsonBytes(config);
    return path;
  };
  const { pooling, prompts, normalize, truncateDim, similarity, lowercase } = layout;
  const [mode, ...more] = pooling.modes;
  add("Pooling", "sentence_transformer.modules.pooling.Pooling", {
    embedding_dimension: hiddenSize,
    pooling_mode: more.length === 0 ? mode : pooling.modes,
    include_prompt: prompts.arePooled,
  });
  for (const { folder, shape, activation } of pooling.dense) {
    const path = add("Dense", "base.modules.dense.Dense", {
      in_features: shape.inFeatures,
      out_features: totalWidth(shape),
      bias: shape.hasBias,
      activation_function: activations[activation]!,
      ...PLACE,
    });
    files[`${path}/${WEIGHTS}`] = await requiredBytes(source, `${folder}/${WEIGHTS}`);
  }
  if (normalize) add("Normalize", "base.modules.normalize.Normalize", PLACE);
  files["modules.json"] = modulesFile(modules);
  files["sentence_bert_config.json"] = taskFile("feature-extraction", lowercase);
  files["config_sentence_transformers.json"] = jsonBytes({
    ...versions,
    model_type: "SentenceTransformer",
    prompts: { query: "", document: "", ...Object.fromEntries(prompts.named) },
    default_prompt_name: prompts.defaultName,
    similarity_fn_name: similarity,
    ...(truncateDim !== null && { truncate_dim: truncateDim }),
  });
  const card = modelCard({
    kind: "encoder",
    base,
    isAdapter: adapter !== null && !merged,
    metrics: saved.metrics,
    rows: [
      ["vector", `${truncateDim ?? saved.width} numbers`],
      ["pooling", String(pooling)],
      ["similarity", similarity],
      ["longest text", `${tokenizer.maxTokens} tokens`],
    ],
  });
  files["README.md"] = textBytes(card);
  return files;
}

/** PEFT's files, which name the base. */
function adapterFiles(file: Adapter, base: string): SavedFiles {
  const taskType = file.config.taskType ?? "FEATURE_EXTRACTION";
  return writeAdapter({ ...file, config: { ...file.config, taskType, baseModelNameOrPath: base } });
}
