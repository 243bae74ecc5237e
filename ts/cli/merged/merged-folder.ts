import { readFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../../engine/running.js";
import type { ByteSink } from "../../io/byte-source.js";
import { editedJson } from "../../io/json.js";
import { writeFileAtomically, writeFilesAtomically } from "../../io/node/index.js";
import { withMerged } from "../../io/peft/index.js";
import { byteLength, streamSafetensors } from "../../io/safetensors/index.js";
import { mergedPieces } from "../../merging/merged-pieces.js";
import type { MergePlan } from "../../merging/merge-plan.js";
import { configWithHead } from "../../merging/new-head.js";
import { PieceBuffers } from "../../merging/piece-memory.js";
import { storedPieces } from "../../merging/stored-tensor.js";
import { untiedConfig } from "../../merging/untied.js";
import { breather } from "../../waiting/next-task.js";
import { throwIfAborted } from "../../waiting/abort.js";
import type { Session } from "../session.js";
import { formatBytes } from "../terminal/number-format.js";
import { reporterOf } from "../terminal/progress-bar.js";
import type { BaseWeights } from "../files/base-model.js";
import { companionsOfAdapter, copyCompanions } from "../files/adapter-folder.js";
import type { MergedParts } from "./merged-parts.js";
import { layoutOf } from "../../models/sentence/load-tokenizer.js";

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
