import { existsSync, readFileSync, statSync } from "node:fs";
import { copyFile, mkdir, open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Engine } from "../../engine/running.js";
import { ConfigError, FormatError } from "../../errors/errors.js";
import { fileSource, writeFileAtomically, writeFilesAtomically } from "../../io/node/index.js";
import { type OnnxModel, readOnnx } from "../../io/onnx/model.js";
import { transpose } from "../../io/peft/transpose.js";
import { encodeTensor, type FloatDtype } from "../../io/safetensors/index.js";
import { mergedValues } from "../../merging/merged-pieces.js";
import type { MergePlan } from "../../merging/merge-plan.js";
import { planOnnx, type ReadData } from "../../merging/onnx/plan-onnx.js";
import type { Pause } from "../../merging/stored-tensor.js";
import { sizeOf } from "../../values/shape.js";
import { breather } from "../../waiting/next-task.js";
import type { Session } from "../session.js";
import { reporterOf } from "../terminal/progress-bar.js";
import type { BaseWeights } from "./base-weights.js";
import { copyCompanions } from "./companions.js";
import type { MergedParts } from "./merged-parts.js";

/** Protocol buffers hold no more. */
const MOST_BYTES = 2 ** 31 - 1;

/** An ONNX model, its constants' data in the files beside it aside. */
export interface OpenOnnx {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly model: OnnxModel;
  /** Names of the files beside it. */
  readonly beside: readonly string[];
}

/** Reads an ONNX file. Throws `ConfigError` where there is none, `FormatError` for what is damaged or lacks a file. */
export function openOnnx(path: string): OpenOnnx {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw new ConfigError(`--onnx ${path}: there is no such file`, { option: "--onnx", value: path });
  const { size } = statSync(path);
  if (size > MOST_BYTES)
    throw new FormatError(`${path}: expected an ONNX model of less than 2 GiB, got ${size} bytes`, {
      file: path,
      size,
    });
  const bytes = new Uint8Array(readFileSync(path));
  const model = readOnnx(bytes, path);
  const beside = new Set<string>();
  for (const { name, data } of model.tensors) {
    if (data.kind !== "beside") continue;
    beside.add(data.location);
    const found = statSync(join(dirname(path), data.location), { throwIfNoEntry: false });
    if (found === undefined || !(data.offset + data.length <= found.size))
      throw new FormatError(
        `${path}: tensor ${name.slice(0, 200)} lies in ${data.location}, which ${found === undefined ? "is missing" : "is too short"}`,
        { file: path, tensor: name },
      );
  }
  return { path, bytes, model, beside: [...beside] };
}

/** Bytes that the model takes with the files beside it. */
export const onnxSize = ({ path, bytes, beside }: OpenOnnx) =>
  beside.reduce((sum, file) => sum + statSync(join(dirname(path), file)).size, bytes.length);

/**
 * Writes the model with the adapter's update in its constants, the files beside it, and what the base has beside its weights. A
 * model in a folder "onnx", as transformers.js has it, is written into one.
 */
export async function writeOnnxFolder(
  scratch: string,
  { onnx, base, plan, parts }: { onnx: OpenOnnx; base: BaseWeights; plan: MergePlan; parts: MergedParts },
  engine: Engine,
  session: Session,
): Promise<void> {
  const { path, bytes } = onnx;
  const from = dirname(path);
  const folder = basename(from) === "onnx" ? join(scratch, "onnx") : scratch;
  await mkdir(folder, { recursive: true });
  const pause = breather(session.signal);
  const sources = new Map(
    await Promise.all(onnx.beside.map(async (file) => [file, await fileSource(join(from, file))] as const)),
  );
  const bar = reporterOf(session.terminal).start("merge", { total: plan.changes.size });
  try {
    const read: ReadData = async ({ data }, begin, end) => {
      if (data.kind === "inside") return bytes.subarray(data.begin + begin, data.begin + end);
      if (data.kind === "beside") return sources.get(data.location)!.read(data.offset + begin, end - begin);
      return new Uint8Array();
    };
    const found = await planOnnx(onnx.model, read, plan, pause);
    for (const file of onnx.beside) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await copyFile(join(from, file), join(folder, file));
    }
    let done = 0;
    for (const [name, matches] of found) {
      const { shape } = plan.base.info(name);
      const values = await wholeValues(engine, plan, name, pause);
      for (const match of matches) {
        const turned = match.transposed ? transpose({ shape, data: values }).data : values;
        const { data, dtype } = match.tensor;
        const encoded = encodeTensor(turned, dtype as FloatDtype, name);
        if (data.kind === "inside") bytes.set(encoded, data.begin);
        else if (data.kind === "beside") await patch(join(folder, data.location), data.offset, encoded);
      }
      bar.update(++done);
    }
    await writeFileAtomically(join(folder, basename(path)), (sink) => sink.write(bytes));
  } finally {
    bar.stop();
    for (const source of sources.values()) await source.close();
  }
  await copyCompanions(modelFolder(from, base), scratch, session.signal);
  await writeFilesAtomically(scratch, parts.head);
}

/** Where tokenizer and configuration are: with the base, else with the ONNX model. */
function modelFolder(onnxFolder: string, base: BaseWeights): string {
  if (base.config !== null) return base.model.directory;
  const above = basename(onnxFolder) === "onnx" ? dirname(onnxFolder) : onnxFolder;
  return existsSync(join(above, "config.json")) ? above : base.model.directory;
}

async function wholeValues(engine: Engine, plan: MergePlan, name: string, pause: Pause): Promise<Float32Array> {
  const { shape } = plan.base.info(name);
  const whole = new Float32Array(sizeOf(shape));
  for await (const { begin, values } of mergedValues(engine, plan.base, name, plan.changes.get(name)!, pause))
    whole.set(values, begin);
  return whole;
}

/** Replaces bytes of a file, all of them on the disk when it returns. */
async function patch(path: string, offset: number, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, "r+");
  try {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done);
      done += bytesWritten;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}
