import { keepModel, openSafetensors, writeSafetensors, type Tensor } from "lowrank/inline";

const WEIGHTS = "model.safetensors";

/** Tensors of numbers, read one by one. */
async function floatsOf(model: Awaited<ReturnType<typeof keepModel>>): Promise<[string, Tensor][]> {
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
 * A model's files for a page that carries them: the weights rounded to 16 bits, which halves them, all else as it is.
 * @param from where it is fetched from if this browser does not keep it
 */
export async function packModel(from: string, name: string): Promise<Record<string, Uint8Array<ArrayBuffer>>> {
  const model = await keepModel(from, from === name ? {} : { name });
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
