import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openGguf } from "../../../ts/index.js";
import { fileSource } from "../../../ts/io/node/file-source.js";
import { gguf, tensor } from "./build.js";

it("a tensor behind 6 GiB of others is read alone", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lowrank-large-"));
  const path = join(folder, "large.gguf");
  const before = 6 * 2 ** 30;
  // With holes: it takes no room.
  const header = gguf({
    tensors: [
      tensor({ name: "large", dimensions: [2 ** 15, 3 * 2 ** 14] }),
      tensor({ name: "small", dimensions: [4], offset: before }),
    ],
  });
  await writeFile(path, header);
  const values = Float32Array.of(0.5, -1, 3, 1e-3);
  const file = await open(path, "r+");
  await file.write(new Uint8Array(values.buffer), 0, 16, header.length + before);
  await file.close();
  try {
    const opened = await openGguf(await fileSource(path));
    expect(opened.info("large").shape).toEqual([3 * 2 ** 14, 2 ** 15]);
    expect((await opened.tensor("small")).data).toEqual(values);
    const row = 4 * 2 ** 15;
    expect(await opened.raw("large", before - row, before)).toEqual(new Uint8Array(row));
    await opened.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});
