import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { Engine } from "../../engine/running.js";
import { AdapterError, FormatError } from "../../errors/errors.js";
import type { ByteSink } from "../../io/byte-source.js";
import type { FileMap } from "../../io/file-access.js";
import { editedJson } from "../../io/json.js";
import { readRequiredJson } from "../../io/model-source.js";
import { type LocalModel, readFileMap, writeFileAtomically, writeFilesAtomically } from "../../io/node/index.js";
import {
  type Adapter,
  adapterFingerprint,
  checkNotMerged,
  type MergedModel,
  readMerged,
  withMerged,
} from "../../io/peft/index.js";
import { byteLength, type OpenTensorFile, streamSafetensors, WEIGHTS } from "../../io/safetensors/index.js";
import { configWithHead, untiedConfig } from "../../merging/added-tensors.js";
import type { MergePlan } from "../../merging/merge-plan.js";
import { mergedPieces } from "../../merging/merged-pieces.js";
import { PieceBuffers, storedPieces } from "../../merging/stored-tensor.js";
import { modelPlan, readPlan } from "../../models/architectures.js";
import { fingerprintOf, withLayers } from "../../models/file-tensors.js";
import { densePrints } from "../../models/sentence/dense.js";
import { longestText, readSentenceLayout } from "../../models/sentence/layout.js";
import { layoutOf, loadTokenizer } from "../../models/sentence/load-tokenizer.js";
import { HEAD_FILE, LABELS_FILE, type LabelsFile, labelsOf, writeLabels } from "../../tasks/head/classifier-files.js";
import { runFiles } from "../../training/store/run-store.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { breather } from "../../waiting/next-task.js";
import { companionsOfAdapter, copyCompanions } from "../files/adapter-folder.js";
import { type BaseWeights, recordedModel } from "../files/base-model.js";
import type { Session } from "../session.js";
import { formatBytes } from "../terminal/number-format.js";
import { reporterOf } from "../terminal/progress-bar.js";

const TYPE = "sentence_transformers.models";

/**
 * Writes sentence-transformers' files of a known base that lacks them: by its weights it was known, and the merged model's are others.
 * A folder that has modules.json keeps its files.
 */
async function writeKnownModules({ model, companions, config }: BaseWeights, folder: string): Promise<void> {
  if (companions !== undefined || existsSync(join(folder, "modules.json"))) return;
  // Any model may be merged, and few are encoders.
  const layout = await layoutOf(model).catch(() => null);
  if (layout?.hasModules !== true) return;
  const { normalize, maxTokens, lowercase } = layout;
  const names = ["Transformer", "Pooling", ...(normalize ? ["Normalize"] : [])];
  const modules = names.map((name, idx) => ({
    idx,
    name: String(idx),
    path: idx === 0 ? "" : `${idx}_${name}`,
    type: `${TYPE}.${name}`,
  }));
  await write(folder, "sentence_bert_config.json", { max_seq_length: maxTokens, do_lower_case: lowercase });
  await write(join(folder, "1_Pooling"), "config.json", {
    word_embedding_dimension: config?.["hidden_size"],
    pooling_mode_mean_tokens: true,
  });
  await write(folder, "modules.json", modules);
}

async function write(folder: string, name: string, json: unknown): Promise<void> {
  if (existsSync(join(folder, name))) return;
  await writeFilesAtomically(folder, { [name]: new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`) });
}

/** The whole model: weights in files like the base's, what else the run or the base has, the run's head. */
export async function writeMergedFolder(
  scratch: string,
  { base, plan, parts }: { base: BaseWeights; plan: MergePlan; parts: MergedParts },
  engine: Engine,
  session: Session,
): Promise<void> {
  const bar = reporterOf(session.terminal).start("merge", { total: mergedSize(plan), format: formatBytes });
  const [pause, buffers] = [breather(session.signal), new PieceBuffers(engine)];
  let done = 0;
  try {
    for (const [file, names] of filesOf(base, plan)) {
      const plans = names.map((name) => ({ name, ...plan.base.info(name) }));
      const metadata = withMerged(base.files.get(file)!.metadata, parts.merged);
      const bytesOf = async ({ name }: { readonly name: string }) => {
        throwIfAborted(session.signal);
        const change = plan.changes.get(name);
        if (change === undefined) return storedPieces(plan.base, name, pause, buffers);
        return mergedPieces(engine, plan.base, name, change, pause, buffers);
      };
      await writeFileAtomically(join(scratch, file), async (sink) => {
        const ahead = writeAhead(sink, (bytes) => bar.update((done += bytes)));
        await streamSafetensors(ahead, plans, bytesOf, metadata);
        await ahead.flush();
      });
    }
  } finally {
    bar.stop();
    buffers.dispose();
  }
  const files = Object.fromEntries(
    Object.entries(jsonFiles(base, plan, parts)).map(([name, text]) => [name, lineBytes(text)]),
  );
  await writeFilesAtomically(scratch, files);
  await copyCompanions(parts.folder, scratch, session.signal, companionsOfAdapter(parts.folder));
  if (base.companions === undefined) await copyCompanions(base.model.directory, scratch, session.signal);
  else {
    const others = Object.entries(base.companions).filter(([name]) => !existsSync(join(scratch, name)));
    await writeFilesAtomically(scratch, Object.fromEntries(others));
  }
  // With a head of transformers it is no encoder of sentences.
  if (plan.head === null) await writeKnownModules(base, scratch);
  await writeFilesAtomically(scratch, parts.head);
}

/** Bytes of a merged model's tensors. */
export function mergedSize({ base }: MergePlan): number {
  return base.names.reduce((sum, name) => {
    const { dtype, shape } = base.info(name);
    return sum + byteLength(dtype, shape);
  }, 0);
}

/** Which tensors each file gets: the base's, and an added one where its source lies, else in the last. */
function filesOf(base: BaseWeights, { added, prefix }: MergePlan): Map<string, string[]> {
  const files = new Map([...base.files].map(([file, { names }]) => [file, names.map((name) => prefix + name)]));
  const last = [...files.keys()].at(-1)!;
  for (const [name, { copyOf }] of added) {
    const home = [...files].find(([, names]) => copyOf !== null && names.includes(copyOf))?.[0] ?? last;
    files.get(home)!.push(name);
  }
  return files;
}

/** Files that say something else than the base's. */
function jsonFiles(base: BaseWeights, plan: MergePlan, { labels }: MergedParts): Record<string, string> {
  const files: Record<string, string> = {};
  const { untied, head } = plan;
  if (base.config !== null && (untied !== null || head !== null)) {
    const bytes = base.companions?.["config.json"] ?? readFileSync(join(base.model.directory, "config.json"));
    const text = new TextDecoder().decode(bytes);
    files["config.json"] = editedJson(text, (json) => {
      const config = untied === null ? json : untiedConfig(json);
      return head === null ? config : configWithHead(config, head, labels);
    });
  }
  if (base.index === null) return files;
  const { file, json } = base.index;
  const weightMap = [...filesOf(base, plan)].flatMap(([home, names]) => names.map((name) => [name, home] as const));
  const metadata = { ...(json["metadata"] as object | undefined), total_size: mergedSize(plan) };
  files[file] = JSON.stringify({ ...json, metadata, weight_map: Object.fromEntries(weightMap) }, null, 2);
  return files;
}

const lineBytes = (text: string) => new TextEncoder().encode(`${text}\n`);

/** A sink that takes the next piece while the last one is being written; `flush` waits for it. */
export function writeAhead(sink: ByteSink, onWritten: (bytes: number) => void): ByteSink & { flush(): Promise<void> } {
  let last = Promise.resolve();
  const flush = () => last;
  return {
    flush,
    async write(bytes) {
      await last;
      last = sink.write(bytes).then(() => onWritten(bytes.byteLength));
      // It is heard of at the next piece, or at the end.
      last.catch(() => {});
    },
  };
}

/** What is merged. */
interface MergeWork {
  /** The adapter's folder. */
  readonly folder: string;
  readonly adapter: Adapter;
  readonly model: LocalModel;
  readonly base: OpenTensorFile;
}

/** What a merged model has beside its tensors. */
export interface MergedParts {
  /** What is merged into its weights, which their files' metadata say. */
  readonly merged: MergedModel;
  /** Classifier's head and labels; none where the adapter has none. */
  readonly head: FileMap;
  /** The adapter's folder. */
  readonly folder: string;
  /** Names of the classes, where the adapter's folder has them. */
  readonly labels: readonly string[] | null;
}

/**
 * Says what a merged model is made of, so that nobody applies the adapter to it again. Throws `AdapterError` where the base
 * holds the adapter already, or is another one than the adapter's run was trained on.
 */
export async function mergedParts(work: MergeWork, options: { allowOtherBase: boolean }): Promise<MergedParts> {
  const { folder, adapter, model } = work;
  const merged = mergedModel(work);
  const fingerprint = adapterFingerprint(adapter);
  const files = readFileMap(folder, runFiles.head);
  if (!Object.hasOwn(files, LABELS_FILE)) return { merged, head: {}, folder, labels: null };
  const labels = labelsOf(files, null);
  if (!options.allowOtherBase) await checkBase(work, labels);
  if (!Object.hasOwn(files, HEAD_FILE)) return { merged, head: {}, folder, labels: labels.labels };
  // Which weights it is for, the adapter's fingerprint in them says.
  const maxTokens = labels.maxTokens ?? recordedModel(folder, model.name).maxTokens ?? (await ownLength(model));
  const kept = writeLabels({ ...labels, maxTokens, base: null, merged: fingerprint });
  return { merged, head: { ...files, [LABELS_FILE]: kept }, folder, labels: labels.labels };
}

/** What a merged model's weights hold. Errors as `mergedBefore`. */
export function mergedModel(work: NamedWork): MergedModel {
  const { folder, adapter, model } = work;
  const before = mergedBefore("merge", work);
  const one = { name: basename(resolve(folder)), fingerprint: adapterFingerprint(adapter) };
  return { base: before?.base ?? model.name, adapters: [...(before?.adapters ?? []), one] };
}

/** A merge of which no more than the base's name counts. */
type NamedWork = Omit<MergeWork, "model"> & { readonly model: Pick<LocalModel, "name"> };

/** What a base holds; throws `AdapterError` where the adapter is among it, `FormatError` where its files say what makes no sense. */
export function mergedBefore(what: string, { adapter, model, base }: Omit<NamedWork, "folder">): MergedModel | null {
  const before = readMerged(
    base.metadata,
    (problem, cause) => new FormatError(`${model.name}: ${WEIGHTS}: ${problem}`, { model: model.name }, { cause }),
  );
  checkNotMerged(what, adapter, model.name, before);
  return before;
}

/** Length of texts by a base's files, which classifiers had that do not say theirs; null where it is no encoder. */
async function ownLength(model: LocalModel): Promise<number | null> {
  const plan = await modelPlan(await readRequiredJson(model, "config.json")).catch(() => null);
  return plan && longestText(await readSentenceLayout(model), plan.config.maxPositions);
}

async function checkBase({ folder, model, base }: MergeWork, { base: trained }: LabelsFile): Promise<void> {
  if (trained === null) return;
  const { plan } = await readPlan(model);
  const weights = await fingerprintOf(base, plan, await loadTokenizer(model, null));
  const { pooling } = await readSentenceLayout(model);
  const fingerprint = withLayers(weights, await densePrints(model, pooling.dense));
  // Before layers behind the pooling counted, a run named the weights alone.
  if ([fingerprint, weights].includes(trained.fingerprint)) return;
  throw new AdapterError(
    `merge: the adapter of ${folder} was trained on ${trained.name}, and ${model.name} has other weights or another tokenizer: name that ` +
      "model with --base, or pass --allow-other-base",
    { op: "merge", model: model.name, expected: trained.fingerprint, actual: fingerprint },
  );
}
