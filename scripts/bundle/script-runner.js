// At the start of the worker's file: runs the scripts that it consists of. Each is a call of `lowrankScript` with rollup's format "system".
(() => {
  const modules = new Map();
  const arrived = new Map();
  const nameOf = (file) => /([\w-]+)\.js$/.exec(file)[1];
  const get = (name) => {
    if (!modules.has(name)) modules.set(name, { exports: {}, setters: [], ready: null, attempts: 0 });
    return modules.get(name);
  };

  /** Runs a script whose imports have run. */
  function run(name) {
    const module = get(name);
    const [imports, declare] = arrived.get(name);
    const exported = (names, value) => {
      if (typeof names === "string") module.exports[names] = value;
      else Object.assign(module.exports, names);
      for (const set of module.setters) set(module.exports);
      return value;
    };
    const { setters, execute } = declare(exported, { import: (file) => load(nameOf(file)) });
    imports.forEach((file, i) => {
      const imported = get(nameOf(file));
      imported.setters.push(setters[i]);
      setters[i](imported.exports);
    });
    execute();
    return module.exports;
  }

  async function fetched(name) {
    const failures = [];
    // A browser imports what came from an address once, even half a script: each attempt has an address of its own.
    const attempt = get(name).attempts++ ? `#${get(name).attempts}` : "";
    for (const address of globalThis.lowrankScript.addresses(name)) {
      if (arrived.has(name)) break;
      await import(/* webpackIgnore: true */ /* @vite-ignore */ address + attempt).catch((e) => failures.push(e));
    }
    if (!arrived.has(name)) throw globalThis.lowrankScript.missing(name, failures);
    await Promise.all(arrived.get(name)[0].map((file) => load(nameOf(file))));
    return run(name);
  }

  /** What a script exports, fetched if it is not here. One that could not be fetched is asked for again the next time. */
  function load(name) {
    const module = get(name);
    module.ready ??= fetched(name).catch((error) => {
      module.ready = null;
      throw error;
    });
    return module.ready;
  }

  globalThis.lowrankScript = (version, name, imports, declare) => {
    if (version !== "__VERSION__" || arrived.has(name)) return;
    arrived.set(name, [imports, declare]);
    if (arrived.size === 1) get(name).ready = Promise.resolve(run(name));
  };
})();
