import { rmSync } from "node:fs";
import { join } from "node:path";
import { findExecutable } from "../../find-executable.mjs";
import { hasMoto, motoFolder } from "../../servers/s3.mjs";
import { canInstall, install, installCommand } from "../debian.mjs";
import { root } from "../paths.mjs";
import { run, watch } from "../process.mjs";
import { SetupError } from "../report.mjs";

const packages = ["moto[s3]==5.2.5", "flask==3.1.3", "flask-cors==6.0.5"];
const debian = ["python3", "python3-venv"];

/** The S3 service that buckets are tested with, in a Python environment of its own. */
export const moto = {
  title: "moto, an S3 service (pip install, 140 MB)",
  seconds: 40,
  needed: () => !hasMoto(),
  async run() {
    if (!(await hasVenv())) {
      if (!canInstall()) throw new SetupError("the tests of buckets need Python with venv", installCommand(debian));
      await install(debian);
    }
    try {
      await run("python3", ["-m", "venv", "--clear", motoFolder], { cwd: root });
      const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
      await run(join(motoFolder, "bin/python"), [...pip, ...packages], { cwd: root });
    } catch (error) {
      rmSync(motoFolder, { recursive: true, force: true });
      throw error;
    }
  },
};

/** Debian's Python has no `ensurepip` without another package. */
async function hasVenv() {
  if (findExecutable("python3") === null) return false;
  return (await watch("python3", ["-c", "import venv, ensurepip"], { cwd: root })).code === 0;
}
