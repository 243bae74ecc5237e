import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findExecutable } from "../../browsers/find-executable.mjs";
import { root } from "../paths.mjs";
import { run, watch } from "../process.mjs";
import { hashOf } from "../stamp.mjs";

const folder = join(root, "bench");
const stamp = join(folder, "node_modules/.installed");

/** The peers of the benchmark, and the newest Node. */
export const benchModules = {
  title: "the benchmark's peers (npm ci in bench/, 1.5 GB)",
  uses: "network",
  needed: () => !existsSync(stamp) || readFileSync(stamp, "utf8") !== hashOf("bench/package-lock.json"),
  async run() {
    const hash = hashOf("bench/package-lock.json");
    await run("npm", ["ci", "--ignore-scripts"], { cwd: folder });
    writeFileSync(stamp, hash);
  },
};

const artifacts = join(root, ".cache/bench-artifacts");
const environment = join(root, ".cache/bench-python");
/** The last that onnxruntime-training 1.19 was built for. */
const pythons = ["python3.11", "python3.10", "python3.9"];

/** Graphs for ONNX Runtime's training build, which only Python of that age can make; without it that peer is left out. */
export const trainingArtifacts = {
  title: "training graphs for onnxruntime-web 1.19 (pip install onnxruntime-training-cpu)",
  uses: "network",
  needed: () => !existsSync(artifacts) && pythons.some(findExecutable),
  async run() {
    const part = `${artifacts}-part`;
    try {
      const python = await workingPython();
      if (python === null) return console.log("  skipped: none of these Pythons runs; that peer is left out");
      await run(python, ["-m", "venv", environment], { cwd: root });
      const own = join(environment, "bin/python");
      const packages = ["onnxruntime-training-cpu==1.19.2", "onnx==1.16.2", "numpy==1.26.4"];
      await run(own, ["-m", "pip", "install", "--quiet", ...packages], { cwd: root });
      await run(own, ["bench/python/training_artifacts.py", part], { cwd: root });
      renameSync(part, artifacts);
    } finally {
      for (const path of [part, environment]) rmSync(path, { recursive: true, force: true });
    }
  },
};

/** A name on PATH may be a shim for a version that is not chosen. */
async function workingPython() {
  for (const name of pythons.filter(findExecutable)) {
    const { code } = await watch(name, ["--version"], { cwd: root });
    if (code === 0) return name;
  }
  return null;
}
