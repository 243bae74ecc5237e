import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CausalLanguageModel, writeFilesAtomically } from "../../ts/entry/node.js";
import { project } from "./fixture.js";

/** A language model in a folder of its own, as commands load it, and in this process. */
export interface TinyLanguageModel {
  readonly folder: string;
  /** The model's folder; it ends at no token. */
  readonly model: string;
  /** The same with the adapter "mine", which is in `folder/tuned`. */
  readonly here: CausalLanguageModel;
  readonly remove: () => Promise<void>;
}

/** @param template its chat template */
export async function tinyLanguageModel(template: string): Promise<TinyLanguageModel> {
  const folder = await mkdtemp(join(tmpdir(), "lowrank-language-"));
  const model = join(folder, "model");
  await cp(join(project, "test/golden/decoders/qwen2"), model, { recursive: true });
  await rm(join(model, "adapter"), { recursive: true, force: true });
  await writeFile(join(model, "generation_config.json"), JSON.stringify({ eos_token_id: [] }));
  await writeFile(join(model, "chat_template.jinja"), template);
  const here = await CausalLanguageModel.load(model);
  here.addAdapter("mine", { rank: 2, initLoraWeights: false, alpha: 100, targetModules: "all-linear" });
  await writeFilesAtomically(join(folder, "tuned"), here.saveAdapter("mine"));
  const remove = async () => {
    here.dispose();
    await rm(folder, { recursive: true, force: true });
  };
  return { folder, model, here, remove };
}
