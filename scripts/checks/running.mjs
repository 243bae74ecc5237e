// A reporter of vitest. Each minute it names the test files that run for more than one, so that the output of a run that hangs
// tells in what. At the end it shows where the time went, and writes all times to the file that $LOWRANK_MINUTES names. If a browser
// closed in the middle of the run, and nothing else broke off, it writes the files that did not run to the one that $LOWRANK_LEFT names.
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { root } from "../setup/paths.mjs";
import { minutesTable } from "./minutes.mjs";

/** Seconds between two looks, and what a file may take before it is named. */
const LOOK_EVERY = 60;

const since = (start) => (performance.now() - start) / 1_000;

export default class Running {
  #started = new Map();
  #times = [];
  #due = [];
  #timer;

  onTestRunStart(specifications) {
    this.#due = specifications.map(({ project, moduleId }) => ({
      project: project.name,
      file: relative(root, moduleId),
    }));
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

  onTestRunEnd(_modules, errors) {
    clearInterval(this.#timer);
    this.#writeLeft(errors);
    if (this.#times.length === 0) return;
    console.log(`\n${minutesTable(this.#times)}`);
    if (process.env.LOWRANK_MINUTES) writeFileSync(process.env.LOWRANK_MINUTES, JSON.stringify(this.#times));
  }

  #writeLeft(errors) {
    if (!process.env.LOWRANK_LEFT || errors.length === 0 || !errors.every(isOfClosedBrowser)) return;
    const ended = new Set(this.#times.map(({ project, file }) => `${project} ${file}`));
    const left = this.#due.filter(({ project, file }) => !ended.has(`${project} ${file}`));
    if (left.length > 0) writeFileSync(process.env.LOWRANK_LEFT, JSON.stringify(left));
  }
}

function isOfClosedBrowser(error) {
  return error !== undefined && (/Browser connection was closed/.test(error.message) || isOfClosedBrowser(error.cause));
}

function nameOf({ project, relativeModuleId }) {
  return `${project.name} ${relativeModuleId}`;
}
