import { existsSync } from "node:fs";
import { join } from "node:path";
import { runtimesFolder } from "../../scripts/setup/paths.mjs";

const { platform, arch } = process;
const here = `${platform}-${arch}`;
const packaged = (path) => join(runtimesFolder, "node_modules", path);
const exe = platform === "win32" ? ".exe" : "";

/** Programs by name, as lists of command and arguments that a script's path follows. */
const programs = {
  "the oldest Node": [packaged(`oldest-node-${here}/bin/node`)],
  "this Node": [process.execPath],
  "the newest Node": [packaged(`newest-node-${here}/bin/node`)],
  // It finds packages in our node_modules and writes nothing.
  Deno: [
    packaged(`@deno/${platform === "linux" ? `${here}-glibc` : here}/deno${exe}`),
    "run",
    "--allow-all",
    "--no-lock",
    "--node-modules-dir=manual",
  ],
  Bun: [
    packaged(
      `@oven/bun-${platform === "win32" ? "windows" : platform}-${arch === "arm64" ? "aarch64" : arch}/bin/bun${exe}`,
    ),
  ],
};

/** Programs that npm has for this machine: all of them on Linux, where the tests of every runtime are run. */
export const installedPrograms = Object.entries(programs).filter(
  ([, [command]]) => platform === "linux" || existsSync(command),
);
