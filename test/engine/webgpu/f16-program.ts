import { readFileSync } from "node:fs";
import { create, globals } from "webgpu";
import { setBinaryLocator } from "../../../ts/engine/source.js";
import { engineAndDevice } from "./its-device.js";
import { roundedProducts } from "./rounded-products.js";

// Bundled and run by f16.node.test.ts, in a process that finds one driver: prints what a device with "shader-f16" does.

const options = { threads: 1, build: "simd" } as const;
Object.assign(globalThis, globals);
Object.defineProperty(globalThis, "navigator", { value: { gpu: create([]) }, configurable: true });
setBinaryLocator(() => readFileSync("build/wasm/simd/lowrank_wasm_bg.wasm"));

const featuresOf = (device: GPUDevice) =>
  [...device.features].filter((name) => ["subgroups", "shader-f16"].includes(name)).sort();

/** The features of an engine that starts with every shader's code changed. */
async function featuresWith(change: (code: string) => string): Promise<string[]> {
  const { createShaderModule } = GPUDevice.prototype;
  GPUDevice.prototype.createShaderModule = function ({ code, ...rest }) {
    return createShaderModule.call(this, { ...rest, code: change(code) });
  };
  const { engine, device } = await engineAndDevice(options);
  await engine.close();
  GPUDevice.prototype.createShaderModule = createShaderModule;
  return featuresOf(device);
}

const whereF16 = (from: string, to: string) => (code: string) =>
  code.startsWith("enable f16;") ? code.replaceAll(from, to) : code;

const { engine, device } = await engineAndDevice(options);
// Without the feature, one product says whether it is rounded.
const isPlain = !engine.info.adapter!.features.includes("shader-f16");
const shares = await roundedProducts(engine, isPlain);
await engine.close();
const features = featuresOf(device);
const failures = async () => ({
  wrong: await featuresWith(whereF16("scale * product", "1.01 * scale * product")),
  refused: await featuresWith(whereF16("@compute", "@compute @nonsense")),
  wrongSubgroups: await featuresWith((code) => code.replaceAll("subgroupAdd(", "1.01 * subgroupAdd(")),
});
console.log(JSON.stringify({ shares, features, ...(!isPlain && (await failures())) }));
process.exit(0);
