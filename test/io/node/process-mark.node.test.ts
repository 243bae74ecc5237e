// @needs linux
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { expect, it, onTestFinished } from "vitest";
import { parseMark, stateOf } from "../../../ts/io/node/process-mark.js";
import { idleProcess, markOf } from "./other-processes.js";

// Linux tells of other processes whether they have ended and when they started.

it("process marks know a dead process whose parent has not asked how it ended", async () => {
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
  while (!/\) Z /.test(await readFile(`/proc/${child}/stat`, "utf8"))) await new Promise((done) => setTimeout(done, 5));
  expect(stateOf(parseMark(markOf(child)))).toBe("gone");
});

it("process marks are not taken in by a number that another process has now", async () => {
  const child = await idleProcess();
  expect(stateOf(parseMark(markOf(child.pid, "1")))).toBe("gone");
  expect(stateOf(parseMark(markOf(process.pid, "1")))).toBe("gone");
});
