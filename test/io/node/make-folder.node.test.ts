import { chmod, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFolder, removeEmpty } from "../../../ts/io/node/folders.js";
import { temporaryFolder } from "../temporary-folder.js";

describe("makeFolder", () => {
  it("makes what is missing, says what that was, and takes it away again", async () => {
    const folder = await temporaryFolder();
    const [a, b, c] = [join(folder, "a"), join(folder, "a", "b"), join(folder, "a", "b", "c")];
    await mkdir(a);
    expect(await makeFolder(c)).toEqual([b, c]);
    expect(await makeFolder(c)).toEqual([]);
    await writeFile(join(b, "kept"), "");
    await removeEmpty([b, c]);
    expect(await readdir(b)).toEqual(["kept"]);
  });

  it("can be called by many at once", async () => {
    const folder = join(await temporaryFolder(), "a", "b", "c");
    const made = await Promise.all(Array.from({ length: 20 }, () => makeFolder(folder)));
    expect(made.flat().sort()).toEqual(["a", "a/b", "a/b/c"].map((path) => join(folder, "../../..", path)));
  });

  it("ends with the system's word where nothing can be made", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file"), "");
    await symlink(join(folder, "nowhere"), join(folder, "dangling"));
    await symlink(join(folder, "loop"), join(folder, "loop"));
    const hostile: [path: string, code: RegExp][] = [
      [join(folder, "file"), /EEXIST/],
      [join(folder, "file", "below"), /ENOTDIR/],
      [join(folder, "dangling"), /EEXIST/],
      [join(folder, "dangling", "below"), /EEXIST/],
      [join(folder, "loop"), /ELOOP/],
      [join(folder, "new", "x".repeat(300)), /ENAMETOOLONG/],
      ["", /ENOENT/],
    ];
    // Node's own recursive mkdir never returns there.
    if (process.platform === "linux") hostile.push(["/proc/x", /ENOENT/], ["/proc/self/x/y", /ENOENT|EACCES/]);
    for (const [path, code] of hostile) await expect(makeFolder(path), path).rejects.toThrow(code);
    expect((await readdir(folder)).sort()).toEqual(["dangling", "file", "loop"]);
  });

  it("needs no right to look into folders above that are there", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "shut", "in"), { recursive: true });
    await chmod(join(folder, "shut"), 0o311);
    expect(await makeFolder(join(folder, "shut", "in", "new"))).toEqual([join(folder, "shut", "in", "new")]);
    await chmod(join(folder, "shut"), 0o755);
  });
});
