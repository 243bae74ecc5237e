// node scripts/build-wasm.mjs [--force] [variant …]: compiles the kernels into build/wasm/<variant>.
import { parseArgs } from "node:util";
import { step } from "./setup/report.mjs";
import { buildVariant, isBuilt } from "./wasm/build.mjs";
import { variants } from "./wasm/variants.mjs";

const { values, positionals } = parseArgs({ options: { force: { type: "boolean" } }, allowPositionals: true });
for (const variant of positionals.length > 0 ? positionals : Object.keys(variants)) {
  if (!values.force && isBuilt(variant)) console.log(`▸ WASM build "${variant}": up to date`);
  else await step(`WASM build "${variant}"`, () => buildVariant(variant));
}
