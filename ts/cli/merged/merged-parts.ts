import { basename, resolve } from "node:path";
import { AdapterError, FormatError } from "../../errors/errors.js";
import type { FileMap } from "../../io/file-access.js";
import { readRequiredJson } from "../../io/model-source.js";
import { type LocalModel, readFileMap } from "../../io/node/index.js";
import { type Adapter, adapterFingerprint, checkNotMerged, type MergedModel, readMerged } from "../../io/peft/index.js";
import { type OpenTensorFile, WEIGHTS } from "../../io/safetensors/index.js";
import { recordedModel } from "../files/base-model.js";
import { runFiles } from "../../training/store/run-store.js";
import { modelPlan, readPlan } from "../../models/architectures.js";
import { densePrints } from "../../models/sentence/dense.js";
import { longestText, readSentenceLayout } from "../../models/sentence/layout.js";
import { loadTokenizer } from "../../models/sentence/load-tokenizer.js";
import { fingerprintOf, withLayers } from "../../models/read-model.js";
import { HEAD_FILE, labelsOf } from "../../tasks/head/classifier-files.js";
import { LABELS_FILE, type LabelsFile, writeLabels } from "../../tasks/head/labels-file.js";

/** What is merged. */
export interface MergeWork {
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
