import { cacheModel, openSafetensors, writeSafetensors, type Tensor } from "lowrank/inline";

const WEIGHTS = "model.safetensors";

/** Reads the floating-point tensors, one at a time. */
async function floatsOf(model: Awaited<ReturnType<typeof cacheModel>>): Promise<[string, Tensor][]> {
  const file = await openSafetensors((await model.open(WEIGHTS))!, WEIGHTS);
  try {
    const tensors: [string, Tensor][] = [];
    for (const name of file.names)
      if (/^B?F/.test(file.info(name).dtype)) tensors.push([name, await file.tensor(name)]);
    return tensors;
  } finally {
    await file.close();
  }
}

/**
 * A model's files for an HTML file that embeds them. The weights are rounded to 16 bits, half their size; other files are unchanged.
 * @param from address to download it from if it is not cached
 */
export async function packModel(from: string, name: string): Promise<Record<string, Uint8Array<ArrayBuffer>>> {
  const model = await cacheModel(from, from === name ? {} : { name });
  const packed: Record<string, Uint8Array<ArrayBuffer>> = {};
  for (const file of model.files) {
    if (file.name === WEIGHTS) continue;
    const source = (await model.open(file.name))!;
    try {
      packed[file.name] = new Uint8Array(await source.read(0, source.size));
    } finally {
      await source.close?.();
    }
  }
  packed[WEIGHTS] = writeSafetensors(await floatsOf(model), { format: "pt" }, { dtype: "F16" });
  return packed;
}
