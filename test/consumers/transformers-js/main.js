// node main.js [base adapter model.onnx]: merges the adapter into the ONNX model by `lowrank merge --onnx`, and compares the vectors of
// transformers.js on what comes out with those of lowrank's encoder under the adapter. Without arguments: a tiny BERT.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { env, pipeline } from "@huggingface/transformers";
import { SentenceEncoder } from "lowrank";

const tiny = ["exported/base", "exported/adapter", "exported/model.onnx"];
const given = process.argv.slice(2);
const [base, adapter, onnx] = given.length > 0 ? given : tiny;
const texts =
  given.length > 0
    ? ["The parcel came two weeks late.", "Nobody answers the phone!", "naïve café — Ärger, 東京", "a"]
    : ["w4 w30 w41", "w55", "w7 w8 unknown w9 w10 w11"];

for (const folder of ["models", "merged"]) rmSync(folder, { recursive: true, force: true });
mkdirSync("models/plain/onnx", { recursive: true });
copyFileSync(onnx, "models/plain/onnx/model.onnx");
const cli = "node_modules/lowrank/dist/cli.js";
const args = ["merge", adapter, "--base", base, "--onnx", "models/plain/onnx/model.onnx", "--out", "models/merged"];
execFileSync(process.execPath, [cli, ...args]);

env.allowRemoteModels = false;
env.localModelPath = "models/";
const extract = await pipeline("feature-extraction", "merged", { dtype: "fp32" });
const unit = (vector) => vector.map((value) => value / Math.hypot(...vector));
const encoder = await SentenceEncoder.load(base, { pooling: "mean" });
const vectorsOf = async (adapter) => (await encoder.encode(texts, { adapter })).map((vector) => unit([...vector]));
encoder.loadAdapter("adapter", adapter);
const [plain, adapted] = [await vectorsOf(null), await vectorsOf("adapter")];
let [worst, moved] = [0, 0];
for (const [i, text] of texts.entries()) {
  const found = unit((await extract(text, { pooling: "mean" })).tolist()[0]);
  worst = found.reduce((most, value, k) => Math.max(most, Math.abs(value - adapted[i][k])), worst);
  moved = found.reduce((most, value, k) => Math.max(most, Math.abs(value - plain[i][k])), moved);
}
encoder.dispose();
// Vectors of length 1, as they are compared.
if (!(worst <= 1e-5 && moved > 1e-3)) throw new Error(`${worst} from lowrank's vectors, ${moved} from the base's`);
console.log("transformers.js gives the merged model's vectors");
console.error(`largest difference ${worst.toExponential(1)}; the adapter changes them by up to ${moved.toFixed(3)}`);
