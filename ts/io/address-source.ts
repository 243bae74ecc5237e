import { ModelError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import { bytesSource, type ByteSource } from "./byte-source.js";
import { bodyOf, type Failure, fetched } from "./fetched.js";
import type { ModelSource } from "./model-source.js";
import { probe, rangeSource } from "./range-source.js";

/**
 * A folder behind an address: `${address}/config.json` and so on. Tensors are read in ranges where the server answers such,
 * so that a model is never held whole; else each file is fetched at once.
 */
export function addressSource(address: string): ModelSource {
  return {
    name: address,
    open: async (file) => {
      const url = `${address.replace(/\/$/, "")}/${file}`;
      const fail = (problem: string, cause?: unknown) =>
        new ModelError(`model ${clip(address)}: ${clip(url)} ${problem}`, { url }, { cause });
      const ranged = file.endsWith(".safetensors") ? await probe(url) : null;
      if (ranged !== null && "size" in ranged) return rangeSource(url, ranged, fail);
      return wholeFile(ranged?.response ?? (await fetched(url, {}, fail)), fail);
    },
  };
}

async function wholeFile(response: Response, fail: Failure): Promise<ByteSource | null> {
  if (response.status === 404) return null;
  if (!response.ok) throw fail(`answered ${response.status}`);
  return bytesSource(await bodyOf(response, fail));
}
