// Compiles the programs of a file, as JSON, on a device of Dawn that has all features and no driver; prints what is refused.
import { readFileSync } from "node:fs";
import { create, globals } from "webgpu";

Object.assign(globalThis, globals);
// Kept: an adapter whose instance was collected crashes the process.
const gpu = create(["backend=null"]);
const adapter = await gpu.requestAdapter();
const device = await adapter.requestDevice({ requiredFeatures: ["subgroups", "shader-f16"] });
const visibility = globals.GPUShaderStage.COMPUTE;
const layout = device.createBindGroupLayout({
  entries: [
    { binding: 0, visibility, buffer: { type: "storage" } },
    { binding: 1, visibility, buffer: { type: "uniform", hasDynamicOffset: true } },
  ],
});
const pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [layout] });
const refused = [];
for (const { name, code } of JSON.parse(readFileSync(0, "utf8"))) {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code });
  device.createComputePipeline({ layout: pipelineLayout, compute: { module, entryPoint: "main" } });
  const error = await device.popErrorScope();
  if (error !== null) refused.push(`${name}: ${error.message}`);
}
console.log(JSON.stringify(refused));
process.exit(0);
