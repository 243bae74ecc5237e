import { basename } from "node:path";
import { ModelError, UnsupportedError } from "../../errors/errors.js";
import { folderOrGguf, ggufAt, ggufFile, resolveModel } from "../../io/node/index.js";
import { type ModelSource, readRequiredJson } from "../../io/model-source.js";
import { decoderPlan } from "../../models/decoders.js";
import { DEFAULT_LANGUAGE_MODEL } from "../../tasks/language/settings.js";
import { type MeasuredModel, withRandomWeights } from "../timing/models/measured-model.js";
import { MINILM, type ModelShape, SMOLLM2 } from "../timing/models/model-shapes.js";
import type { Session } from "../session.js";
import { findModel } from "./base-model.js";

/** The models that `lowrank bench` measures: those that are named, otherwise the usual ones. */
export async function modelsToMeasure(names: readonly string[], session: Session): Promise<readonly MeasuredModel[]> {
  if (names.length === 0) return [await usual(MINILM, MINILM.name), await usual(SMOLLM2, DEFAULT_LANGUAGE_MODEL)];
  const models: MeasuredModel[] = [];
  for (const name of names) models.push(await named(name, session));
  return models;
}

/** One from the cache, otherwise random weights: nothing is downloaded that nobody named. */
async function usual(shape: ModelShape, name: string): Promise<MeasuredModel> {
  try {
    const source = folderOrGguf(await resolveModel(name, { offline: true }));
    return { name, task: shape.task, open: async () => source, random: false, always: false };
  } catch (error) {
    if (error instanceof ModelError) return withRandomWeights(shape);
    throw error;
  }
}

async function named(name: string, session: Session): Promise<MeasuredModel> {
  const file = ggufFile(name);
  const source = file === null ? folderOrGguf(await findModel(name, session)) : ggufAt(file, basename(file));
  return { name, task: await taskOf(source), open: async () => source, random: false, always: true };
}

async function taskOf(source: ModelSource): Promise<MeasuredModel["task"]> {
  if (source.gguf !== undefined) return "language";
  try {
    decoderPlan(await readRequiredJson(source, "config.json"));
    return "language";
  } catch (error) {
    // Of an unknown model the encoder's loader says which ones there are.
    if (error instanceof UnsupportedError) return "encoder";
    throw error;
  }
}
