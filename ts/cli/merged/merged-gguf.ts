import { basename } from "node:path";
import { engine } from "../../engine/engine.js";
import { ModelError } from "../../errors/errors.js";
import { openGguf } from "../../io/gguf/index.js";
import { fileSource } from "../../io/node/file-source.js";
import { type Adapter, refuseInitialisation, startsFromBaseWeights, withMerged } from "../../io/peft/index.js";
import { idlePatterns, otherBase } from "../../io/peft/doubts.js";
import { planMerge } from "../../merging/merge-plan.js";
import { modelTypeOf } from "../../merging/orientation.js";
import { convertPissaOn } from "../../merging/convert-pissa.js";
import { untiedConfig } from "../../merging/untied.js";
import { ggufToWrite, tokenizerFiles } from "../../models/gguf/writing/gguf.js";
import { modelToWrite, type WrittenModel } from "../../models/gguf/writing/model.js";
import type { WrittenType } from "../../models/gguf/writing/types.js";
import { familyOf } from "../files/base-model.js";
import type { Session } from "../session.js";
import { openBase } from "../files/open-base.js";
import { hasGroups } from "./gguf-base.js";
import { typesLine, writeGgufFile } from "./gguf-out.js";
import { isGguf } from "../inspected/inspected-gguf.js";
import { mergedModel } from "./merged-parts.js";
import { breather } from "../../waiting/next-task.js";

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
