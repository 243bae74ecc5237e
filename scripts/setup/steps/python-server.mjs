import { rmSync } from "node:fs";
import { join } from "node:path";
import { findExecutable } from "../../browsers/find-executable.mjs";
import { canInstall, install, installCommand } from "../debian.mjs";
import { root } from "../paths.mjs";
import { run, watch } from "../process.mjs";
import { SetupError } from "../report.mjs";

const debian = ["python3", "python3-venv"];

/** A step that puts Python packages into an environment of their own. */
export const pythonServer = ({ title, seconds, folder, there, purpose, packages }) => ({
  title,
  uses: "network",
  seconds,
  needed: () => !there(),
  async run() {
    if (!(await hasVenv())) {
      if (!canInstall()) throw new SetupError(`${purpose} need Python with venv`, installCommand(debian));
      await install(debian);
    }
    try {
      await run("python3", ["-m", "venv", "--clear", folder], { cwd: root });
      const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
      await run(join(folder, "bin/python"), [...pip, ...packages], { cwd: root });
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  },
});

/** Debian's Python has no `ensurepip` without another package. */
async function hasVenv() {
  if (findExecutable("python3") === null) return false;
  return (await watch("python3", ["-c", "import venv, ensurepip"], { cwd: root })).code === 0;
}
