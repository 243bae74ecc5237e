// node scripts/build-wasm.mjs [--force] [variant …]: compiles the kernels into build/wasm/<variant>; all by default.
import { parseArgs } from "node:util";
import { stepsForKernels, setUp } from "./setup/index.mjs";
import { explain, SetupError } from "./setup/report.mjs";
import { clearStamp } from "./setup/stamp.mjs";
import { variants } from "./wasm/variants.mjs";

const { values, positionals } = parseArgs({ options: { force: { type: "boolean" } }, allowPositionals: true });
const chosen = positionals.length > 0 ? positionals : Object.keys(variants);
try {
  const unknown = chosen.find((variant) => !(variant in variants));
  if (unknown) throw new SetupError(`there is no build "${unknown}"; there are ${Object.keys(variants).join(", ")}`);
  if (values.force) for (const variant of chosen) clearStamp(`wasm-${variant}`);
  await setUp(stepsForKernels(chosen));
} catch (error) {
  explain(error);
}
