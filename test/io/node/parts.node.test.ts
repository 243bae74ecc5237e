import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { withPart } from "../../../ts/io/node/parts.js";
import { ownMark, parseMark, stateOf } from "../../../ts/io/node/process-mark.js";
import { temporaryFolder } from "../temporary-folder.js";

const HOUR = 3_600_000;

/** A process that does nothing until it is killed. */
async function idleProcess(): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, ["-e", "console.log('up'); setInterval(() => {}, 1000)"]);
  await once(child.stdout, "data");
  onTestFinished(() => void child.kill("SIGKILL"));
  return child as ChildProcess & { pid: number };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** This process's mark with another number, which a process of this machine would have made. */
function markOf(processId: number, start = "0"): string {
  const { place } = parseMark(ownMark())!;
  return `${place}-${processId}-${start}-00000000`;
}

const elsewhere = () => `000000000000-${process.pid}-1-00000000`;

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
    expect(stateOf(parseMark(elsewhere()))).toBe("unknown");
    expect(stateOf(parseMark("12345-00ff"))).toBe("unknown");
    expect(stateOf(parseMark(`${ownMark()}-1`))).toBe("unknown");
  });

  it.runIf(process.platform === "linux")("know a dead process whose parent has not asked how it ended", async () => {
    // `sleep` never asks.
    const parent = spawn("sh", ["-c", "sleep 1000 & echo $!; exec sleep 1000"]);
    onTestFinished(() => void parent.kill("SIGKILL"));
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const child = Number(line.toString());
    expect(stateOf(parseMark(markOf(child)))).toBe("running");
    // The shell that it is until then would ask.
    while ((await readFile(`/proc/${parent.pid!}/comm`, "utf8")) !== "sleep\n")
      await new Promise((done) => setTimeout(done, 5));
    process.kill(child, "SIGKILL");
    while (!/\) Z /.test(await readFile(`/proc/${child}/stat`, "utf8")))
      await new Promise((done) => setTimeout(done, 5));
    expect(stateOf(parseMark(markOf(child)))).toBe("gone");
  });

  it.runIf(process.platform === "linux")("are not taken in by a number that another process has now", async () => {
    const child = await idleProcess();
    expect(stateOf(parseMark(markOf(child.pid, "1")))).toBe("gone");
    expect(stateOf(parseMark(markOf(process.pid, "1")))).toBe("gone");
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
    const [fresh, old] = [`.a.part-999999999-00ff`, `.b.part-${elsewhere()}`];
    for (const name of [fresh, old]) await makeOld(join(folder, name), 23 * HOUR);
    expect(await leftAfterSweep(folder)).toEqual([fresh, old]);
    await makeOld(join(folder, old), 25 * HOUR);
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
