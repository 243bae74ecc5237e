// A reporter of vitest. Each minute it names the test files that run for more than one, so that the output of a run that hangs
// tells in what. At the end it shows where the time went, and writes all times to the file that $LOWRANK_MINUTES names.
import { writeFileSync } from "node:fs";
import { minutesTable } from "./minutes.mjs";

/** Seconds between two looks, and what a file may take before it is named. */
const LOOK_EVERY = 60;

const since = (start) => (performance.now() - start) / 1_000;

export default class Running {
  #started = new Map();
  #times = [];
  #timer;

  onTestRunStart() {
    this.#timer = setInterval(() => {
      for (const [name, start] of this.#started)
        if (since(start) >= LOOK_EVERY) console.log(`   … ${name} runs for ${since(start).toFixed(0)} s`);
    }, LOOK_EVERY * 1_000);
    this.#timer.unref();
  }

  onTestModuleQueued(file) {
    this.#started.set(nameOf(file), performance.now());
  }

  onTestModuleEnd(file) {
    const name = nameOf(file);
    const seconds = since(this.#started.get(name) ?? performance.now());
    this.#times.push({ project: file.project.name, file: file.relativeModuleId, seconds });
    this.#started.delete(name);
  }

  onTestRunEnd() {
    clearInterval(this.#timer);
    if (this.#times.length === 0) return;
    console.log(`\n${minutesTable(this.#times)}`);
    if (process.env.LOWRANK_MINUTES) writeFileSync(process.env.LOWRANK_MINUTES, JSON.stringify(this.#times));
  }
}

function nameOf({ project, relativeModuleId }) {
  return `${project.name} ${relativeModuleId}`;
}
