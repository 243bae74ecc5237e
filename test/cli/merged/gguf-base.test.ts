import { join } from "node:path";
import { expect, it } from "vitest";
import { openGgufBase } from "../../../ts/cli/merged/gguf-base.js";
import { project } from "../fixture.js";

const opened = (name: string) => openGgufBase(join(project, `test/golden/gguf/models/${name}.gguf`));

it.each([
  ["gemma2", "final_logit_softcapping", "10"],
  ["gemma4", "final_logit_softcapping", "10"],
  ["lfm2moe", "routed_scaling_factor", "1"],
])("the config.json of %s has %s as a fraction: transformers refuses whole numbers", async (name, key, value) => {
  const { companions, config, close } = await opened(name);
  await close();
  const text = new TextDecoder().decode(companions!["config.json"]);
  expect(text).toMatch(new RegExp(`"${key}": ${value}\\.0,?\\n`));
  expect(JSON.parse(text)).toEqual(config);
});

it("a mixture of experts has the tensors of a checkpoint", async () => {
  const { tensors, close } = await opened("granitemoe");
  await close();
  const inner = tensors.names.filter((name) => name.startsWith("model.layers.0.block_sparse_moe."));
  expect(inner.sort().map((name) => [name.split("moe.")[1], tensors.info(name).shape])).toEqual([
    ["input_linear.weight", [3, 48, 16]],
    ["output_linear.weight", [3, 16, 24]],
    ["router.layer.weight", [3, 16]],
  ]);
});
