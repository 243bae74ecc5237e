import { remember } from "../../io/made-from.js";
import type { KeptModel, KeptPlace } from "../../io/page/kept-model.js";

/** A model that this browser keeps, found by a worker: what loads a model in a worker takes it. Its bytes stay there. */
export type WorkerKeptModel = Omit<KeptModel, "open" | "gguf">;

/** What a worker found, in its page. */
export function keptThere(place: KeptPlace): WorkerKeptModel {
  const { key: _, ...facts } = place;
  const { files } = facts;
  const digest = async (file: string) => {
    // A model that is one file is a GGUF file, whatever it is called.
    const isOnly = file === "model.gguf" && files.length === 1;
    return (isOnly ? files[0]! : files.find(({ name }) => name === file))?.sha256 ?? null;
  };
  return remember({ ...facts, digest }, "kept model", place);
}
