import { FormatError } from "../../errors/errors.js";
import type { FileMap } from "../../io/file-map.js";
import { parseJsonObject } from "../../io/json.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { activationOf, defaultActivation } from "../cross/activations.js";
import { CrossEncoder } from "../cross/cross-encoder.js";
import { CrossHead } from "../cross/cross-head.js";
import type { CrossParts } from "../cross/cross-parts.js";
import { splitAdapter } from "../cross/open-cross.js";

const SETTINGS = "config_sentence_transformers.json";
const what = "CrossEncoder.load";

/**
 * The cross-encoder of a run's files, on a loaded base. Throws as `CrossEncoder.load`; on an error the base is as before.
 * @param names of its classes; empty for one score
 */
export function crossEncoderOn(encoder: SentenceEncoder, files: FileMap, names: readonly string[]) {
  const { graph, model, headPlan, adapterSet } = encoder;
  const fail = (problem: string) => new FormatError(`${SETTINGS}: ${problem}`, { file: SETTINGS });
  const settings = Object.hasOwn(files, SETTINGS) ? parseJsonObject(files[SETTINGS]!, fail) : {};
  const saved = splitAdapter(files, encoder, false);
  const parts = graph.allOrNothing(() => {
    const modelAdapter = adapterSet.load("cross-encoder", saved.files, {}, { what, classifier: true });
    try {
      const head = graph.allOrNothing(() => new CrossHead(graph, model, headPlan, saved.head));
      return { modelAdapter, head };
    } catch (error) {
      adapterSet.remove(modelAdapter.name);
      throw error;
    }
  });
  const activation = activationOf(encoder.name, settings, {}) ?? defaultActivation(parts.head.labels);
  const labels = names.length > 0 ? names : ["LABEL_0"];
  return new (CrossEncoder as unknown as new (parts: CrossParts) => CrossEncoder<number | number[]>)({
    ...{ ...parts, encoder, labels, activation, ownsEncoder: false },
  });
}
