import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { init, SearchIndex, writeFilesAtomically } from "../../ts/entry/node.js";
import { temporaryFolder } from "../io/temporary-folder.js";

await init({ threads: 1 });

function saved(): Uint8Array {
  using index = SearchIndex.create({ dimensions: 2 });
  index.add(["a"], [[1, 2]]);
  return index.save();
}

it("an index in a file opens by its path", async () => {
  const folder = await temporaryFolder();
  await writeFilesAtomically(folder, { "a.index": saved() });
  using index = await SearchIndex.open(join(folder, "a.index"));
  expect(index.search([1, 2])).toEqual([{ id: "a", score: expect.closeTo(1, 6) as number }]);
});

it("a path without a file, and a file that is no index, are refused", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "text.txt"), "hello");
  await expect(SearchIndex.open(join(folder, "none.index"))).rejects.toThrow("an existing file");
  await expect(SearchIndex.open(join(folder, "none", "a.index"))).rejects.toThrow("an existing file");
  await expect(SearchIndex.open(join(folder, "text.txt"))).rejects.toThrow("expected a safetensors file");
  await expect(SearchIndex.open("")).rejects.toThrow("an existing file");
});
