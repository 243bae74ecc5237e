import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { engine } from "../../engine/engine.js";
import type { Engine } from "../../engine/running.js";
import { ConfigError, ModelError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { isGgufName, openGguf } from "../../io/gguf/index.js";
import { ggufDataLength, streamGguf } from "../../io/gguf/write.js";
import { fileSource } from "../../io/node/file-source.js";
import { withFolder } from "../../io/node/folders.js";
import { writeNewFile } from "../../io/node/index.js";
import { idlePatterns, otherBase } from "../../io/peft/check.js";
import { type Adapter, refuseInitialisation, startsFromBaseWeights, withMerged } from "../../io/peft/index.js";
import { untiedConfig } from "../../merging/added-tensors.js";
import { convertPissaOn } from "../../merging/convert-pissa.js";
import { planMerge } from "../../merging/merge-plan.js";
import { modelTypeOf } from "../../merging/orientation.js";
import { ggufToWrite, tokenizerFiles } from "../../models/gguf/writing/gguf.js";
import { modelToWrite, type WrittenModel } from "../../models/gguf/writing/model.js";
import { RowEncoder, type WrittenType } from "../../models/gguf/writing/written-types.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { breather } from "../../waiting/next-task.js";
import { familyOf } from "../files/base-model.js";
import { openBase } from "../files/open-base.js";
import { checkOutFile } from "../files/out-folder.js";
import { isGguf } from "../inspected/inspected-gguf.js";
import type { Session } from "../session.js";
import { formatBytes, formatCount } from "../terminal/number-format.js";
import { reporterOf } from "../terminal/progress-bar.js";
import { hasGroups } from "./gguf-base.js";
import { mergedModel, writeAhead } from "./merged-folder.js";
import { appearedMeanwhile, checkRoom } from "./whole-folder.js";

/** Types of a file by their names on the command line. */
export const ggufTypes: Readonly<Record<string, WrittenType>> = {
  q8_0: "Q8_0",
  q4_0: "Q4_0",
  q4_1: "Q4_1",
  f16: "F16",
  bf16: "BF16",
  f32: "F32",
};

/** Throws `ConfigError` where `--out` is no new .gguf file, or lies in a folder that nothing can be written into. */
export async function checkGgufOut(out: string): Promise<void> {
  if (!isGgufName(out))
    throw new ConfigError(`--out ${clip(out)}: the name of a .gguf file is expected`, { option: "--out", value: out });
  if (!existsSync(out)) return checkOutFile(out);
  throw new ConfigError(`--out ${clip(out)} exists: choose another name, or remove it first`, {
    option: "--out",
    file: out,
  });
}

/**
 * Writes a GGUF file under a temporary name, tensor by tensor, which becomes `out` when it is whole. Throws `ConfigError` where something
 * else has become that meanwhile, which stays.
 * @returns its bytes
 */
export async function writeGgufFile(
  out: string,
  model: WrittenModel,
  title: string,
  engine: Engine,
  session: Session,
): Promise<number> {
  const { metadata, tensors, notes } = model;
  const { terminal, signal } = session;
  for (const note of notes) terminal.error(note);
  const total = ggufDataLength(tensors);
  const directory = dirname(resolve(out));
  const encoder = new RowEncoder(engine);
  const workshop = { engine, encoder, pause: breather(signal) };
  let done = 0;
  await withFolder(directory, async () => {
    await checkRoom(directory, total);
    const bar = reporterOf(terminal).start(title, { total, format: formatBytes });
    try {
      await writeNewFile(resolve(out), async (sink) => {
        const ahead = writeAhead(sink, (bytes) => bar.update(Math.min(total, (done += bytes))));
        await streamGguf(ahead, metadata, tensors, ({ bytes }) => {
          throwIfAborted(signal);
          return bytes(workshop);
        });
        await ahead.flush();
        throwIfAborted(signal);
      }).catch((cause: unknown) => {
        throw appearedMeanwhile(out, cause) ?? cause;
      });
    } finally {
      bar.stop();
      encoder.dispose();
    }
  });
  return done;
}

/** "Q4_0 210 · F32 61": how many tensors are of each type. */
export function typesLine({ tensors }: WrittenModel): string {
  const counts = new Map<string, number>();
  for (const { type } of tensors) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts].map(([type, count]) => `${formatCount(count)} ${type}`).join(", ");
}

/** A merge whose result is one GGUF file. */
interface GgufMerge {
  readonly adapter: Adapter;
  /** The adapter's. */
  readonly folder: string;
  /** Names of the base, as `openBase` reads them; a GGUF file by its path. */
  readonly base: readonly string[];
  readonly out: string;
  readonly type: WrittenType | "auto";
}

/** Writes base and adapter as a GGUF file, and says into which weights the adapter went. */
export async function writeMergedGguf(work: GgufMerge, started: Promise<unknown>, session: Session): Promise<void> {
  const { base, out, folder } = work;
  const { model, name, into, close } = await (isGguf(base[0]!) ? intoGguf(work, base[0]!) : intoFolder(work, session));
  try {
    const written = await model();
    for (const doubt of idlePatterns(work.adapter)) session.terminal.error(doubt);
    await started;
    await writeGgufFile(out, written, "merge", engine(), session);
    session.terminal.print(
      `${name} with the adapter of ${folder} merged into ${into}: ${typesLine(written)}, written to ${out}`,
    );
  } finally {
    await close();
  }
}

/** The model to write, and how to close its input. */
interface Merging {
  readonly model: () => Promise<WrittenModel>;
  readonly name: string;
  /** Which weights the adapter's update is added to. */
  readonly into: string;
  readonly close: () => Promise<void>;
}

async function intoGguf({ adapter, folder, type }: GgufMerge, path: string): Promise<Merging> {
  // PiSSA and OLoRA took their part from weights before those were rounded.
  if (startsFromBaseWeights(adapter.config)) refuseInitialisation(`merge: ${folder}`, adapter.config);
  const file = await openGguf(await fileSource(path), path);
  const merged = (base: Parameters<typeof mergedModel>[0]["base"]) =>
    mergedModel({ folder, adapter, base, model: { name: path } });
  const model = () => ggufToWrite({ file, name: path, type, merge: { adapter, merged } });
  return {
    model,
    name: path,
    into: hasGroups(file) ? "its dequantised weights, which were rounded again" : "its own weights",
    close: () => file.close(),
  };
}

async function intoFolder({ adapter, folder, base: names, type }: GgufMerge, session: Session): Promise<Merging> {
  const base = await openBase(names, session);
  const model = async () => {
    const { config, model: from } = base;
    if (config === null) throw new ModelError(`${from.name} has no config.json`, { model: from.name });
    const merged = mergedModel({ folder, adapter, base: base.tensors, model: from });
    const ordinary = await convertPissaOn(base.tensors, adapter, modelTypeOf(config), breather(session.signal));
    const plan = planMerge(base.tensors, ordinary, config);
    const tokenizer = await tokenizerFiles(from, config);
    const file = { ...plan.base, metadata: withMerged(base.tensors.metadata, merged) };
    const about = { name: basename(from.directory), tokenizer, changes: plan.changes, file, type };
    const written = await modelToWrite({ ...about, config: plan.untied === null ? config : untiedConfig(config) });
    const doubts = otherBase(adapter, familyOf({ model: from, config }));
    return { ...written, notes: [...plan.warnings, ...doubts, ...written.notes] };
  };
  return { model, name: base.model.name, into: "its original weights", close: () => base.close() };
}
