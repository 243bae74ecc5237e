// A reporter of vitest that names each minute the test files that run for more than one, and at the end those that took longest:
// where a run hangs, its output tells in what.

/** Seconds between two looks, and what a file may take before it is named. */
const LOOK_EVERY = 60;
const SLOWEST = 10;

const since = (start) => Math.round((performance.now() - start) / 1_000);

export default class Running {
  #started = new Map();
  #ended = [];
  #timer;

  onTestRunStart() {
    this.#timer = setInterval(() => {
      for (const [name, start] of this.#started)
        if (since(start) >= LOOK_EVERY) console.log(`   … ${name} runs for ${since(start)} s`);
    }, LOOK_EVERY * 1_000);
    this.#timer.unref();
  }

  onTestModuleQueued(file) {
    this.#started.set(nameOf(file), performance.now());
  }

  onTestModuleEnd(file) {
    const name = nameOf(file);
    this.#ended.push([name, since(this.#started.get(name) ?? performance.now())]);
    this.#started.delete(name);
  }

  onTestRunEnd() {
    clearInterval(this.#timer);
    const slowest = this.#ended.sort(([, a], [, b]) => b - a).slice(0, SLOWEST);
    if (slowest.length > 0) console.log(`\n Slowest: ${slowest.map(([name, time]) => `${name} ${time} s`).join(", ")}`);
  }
}

function nameOf({ project, relativeModuleId }) {
  return `${project.name} ${relativeModuleId}`;
}
