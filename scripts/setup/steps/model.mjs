import { existsSync } from "node:fs";
import { join } from "node:path";
import { modelCache, root } from "../paths.mjs";
import { watch } from "../process.mjs";
import { SetupError } from "../report.mjs";
import { scriptsFolder } from "./dist.mjs";

const dist = join(root, "dist");

const encoder = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];

/** The encoder that the main job tunes. */
export const model = fetched("all-MiniLM-L6-v2", 91, encoder);

/** The same by the scripts of `npm start`, which need no kernel for that; by the package where it is complete already. */
export const modelForStart = {
  ...fetched("all-MiniLM-L6-v2", 91, encoder, () => (existsSync(scriptsFolder) ? scriptsFolder : dist)),
  after: ["scripts"],
};

/** The language model of the tests of GGUF files. */
export const languageModel = fetched("SmolLM2-135M-Instruct-GGUF", 98, ["SmolLM2-135M-Instruct.Q4_1.gguf"]);

/** A model that the library's own loader fetches and checks. */
function fetched(name, megabytes, files, loaderFolder = () => dist) {
  return {
    title: `model ${name} (${megabytes} MB)`,
    after: ["package"],
    uses: "network",
    seconds: 5,
    needed: () => !files.every((file) => existsSync(join(modelCache, name, file))),
    async run() {
      // In a process of its own, so that Ctrl-C ends it.
      const { code, output } = await watch("node", [join(root, "scripts/setup/fetch-model.mjs"), name, loaderFolder()]);
      if (code === 0) return;
      // The loader's own words: where it looked, and which command would bring the model.
      const said = output.split("\n").filter((line) => !/^(hub|pip): /.test(line));
      throw new SetupError(said.join("\n").trim());
    },
  };
}
