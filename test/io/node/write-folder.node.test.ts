import { mkdir, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ownMark, parseMark, stateOf } from "../../../ts/io/node/process-mark.js";
import { withPart } from "../../../ts/io/node/write-files.js";
import { temporaryFolder } from "../temporary-folder.js";
import { idleProcess, kill, markOf } from "./other-processes.js";

const HOUR = 3_600_000;

const elsewhere = () => `000000000000-1-${process.pid}-1-00000000`;

async function makeOld(path: string, age: number): Promise<void> {
  await writeFile(path, "half");
  const then = new Date(Date.now() - age);
  await utimes(path, then, then);
}

describe("process marks", () => {
  it("know this process, others of this machine, and that of others nothing is known", async () => {
    expect(stateOf(parseMark(ownMark()))).toBe("own");
    const child = await idleProcess();
    expect(stateOf(parseMark(markOf(child.pid)))).toBe("running");
    await kill(child);
    expect(stateOf(parseMark(markOf(child.pid)))).toBe("gone");
    expect(stateOf(parseMark(markOf(process.pid, "1", "1")))).toBe("container");
    expect(stateOf(parseMark(elsewhere()))).toBe("unknown");
    expect(stateOf(parseMark("12345-00ff"))).toBe("unknown");
    expect(stateOf(parseMark(`${ownMark()}-1`))).toBe("unknown");
  });
});

describe("parts", () => {
  /** Names that are left in a folder when another part has come and gone. */
  async function leftAfterSweep(folder: string): Promise<string[]> {
    await withPart(folder, "new", (part) => writeFile(part, "whole"));
    return (await readdir(folder)).sort();
  }

  it("of a process that was killed go; of one that runs they stay, however old", async () => {
    const folder = await temporaryFolder();
    const child = await idleProcess();
    const name = `.model.part-${markOf(child.pid)}`;
    await makeOld(join(folder, name), 48 * HOUR);
    expect(await leftAfterSweep(folder)).toEqual([name]);
    await kill(child);
    expect(await leftAfterSweep(folder)).toEqual([]);
  });

  it("of another machine or container stay until nobody touched them for a day", async () => {
    const folder = await temporaryFolder();
    // The first mark is that of an older version.
    const [fresh, ...old] = [`.a.part-999999999-00ff`, `.b.part-${elsewhere()}`, `.c.part-${markOf(1, "1", "1")}`];
    for (const name of [fresh, ...old]) await makeOld(join(folder, name), 23 * HOUR);
    expect(await leftAfterSweep(folder)).toEqual([fresh, ...old]);
    for (const name of old) await makeOld(join(folder, name), 25 * HOUR);
    expect(await leftAfterSweep(folder)).toEqual([fresh]);
  });

  it("are found by their whole name alone", async () => {
    const folder = await temporaryFolder();
    const names = [".a.part-x", "a.part-12345-00ff", ".part-12345-00ff", ".a.part-12345-00ff.txt", ".a.part-12345"];
    for (const name of names) await makeOld(join(folder, name), 100 * HOUR);
    expect(await leftAfterSweep(folder)).toEqual(names.sort());
  });

  it("are touched while they are written to, folders too", async () => {
    const folder = await temporaryFolder();
    await withPart(
      folder,
      "model",
      async (part) => {
        await mkdir(part);
        await utimes(part, 1, 1);
        while ((await stat(part)).mtimeMs < Date.now() - HOUR) await new Promise((done) => setTimeout(done, 5));
      },
      10,
    );
    expect(await readdir(folder)).toEqual([]);
  });
});
