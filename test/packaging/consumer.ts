import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { root } from "../../scripts/setup/paths.mjs";

/** What `npm pack` makes of a package of the repository. */
export interface Packed {
  readonly tarball: string;
  readonly files: string[];
  /** Bytes of the tarball, and of its files. */
  readonly size: number;
  readonly unpackedSize: number;
}

/**
 * Packs a package of the repository.
 * @param folder the package's, from the root
 */
export function packed(destination: string, folder = "."): Packed {
  const options = ["--json", "--ignore-scripts", "--pack-destination", destination];
  const [report] = JSON.parse(execFileSync("npm", ["pack", ...options], { cwd: join(root, folder), encoding: "utf8" }));
  const { filename, files, size, unpackedSize } = report;
  return {
    tarball: join(destination, filename),
    files: files.map(({ path }: { path: string }) => path),
    size,
    unpackedSize,
  };
}

const packedFolder = join(root, ".cache/packed");

/**
 * A package of the repository, packed once for all test files of a run: they have one parent process, and one `dist`. What earlier runs
 * packed is removed.
 */
function packedForRun(folder: string): Packed {
  const run = `${process.ppid}-${statSync(join(root, folder, "dist")).mtimeMs}`;
  const place = join(packedFolder, `${run}-${folder.replaceAll("/", "-")}`);
  const report = join(place, "packed.json");
  if (!existsSync(report)) {
    removeOfEarlierRuns();
    const fresh = `${place}.${process.pid}`;
    mkdirSync(fresh, { recursive: true });
    writeFileSync(join(fresh, "packed.json"), JSON.stringify(packed(fresh, folder)));
    try {
      renameSync(fresh, place);
    } catch (error) {
      // Another process was first.
      rmSync(fresh, { recursive: true });
      if (!existsSync(report)) throw error;
    }
  }
  const result = JSON.parse(readFileSync(report, "utf8")) as Packed;
  return { ...result, tarball: join(place, basename(result.tarball)) };
}

function removeOfEarlierRuns(): void {
  mkdirSync(packedFolder, { recursive: true });
  const over = readdirSync(packedFolder).filter((name) => !isRunning(Number.parseInt(name)));
  for (const name of over) rmSync(join(packedFolder, name), { recursive: true, force: true });
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A small project that has the packed tarball installed; the package's own dependencies are links to ours. */
export class Consumer {
  readonly folder = mkdtempSync(join(tmpdir(), "lowrank-consumer-"));
  readonly files: string[];

  constructor() {
    this.files = this.install(".", "lowrank");
    this.write("package.json", '{ "type": "module", "private": true }');
  }

  /** Packs and installs a package of the repository, and gives its files. Its dependencies are links to those of the repository. */
  install(folder: string, name: string): string[] {
    const { tarball, files } = packedForRun(folder);
    const installed = this.path(name);
    mkdirSync(installed, { recursive: true });
    execFileSync("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
    const { dependencies = {} } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    const missing = Object.keys(dependencies).filter((dependency) => !existsSync(this.path(dependency)));
    for (const dependency of missing) this.link(dependency);
    return files;
  }

  /** Makes another package of ours available. */
  link(name: string): void {
    const place = this.path(name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(root, "node_modules", name), place);
  }

  private path(name: string): string {
    return join(this.folder, "node_modules", name);
  }

  write(name: string, content: string): string {
    const file = join(this.folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  /** Runs a program in the folder and returns what it printed. */
  run(program: string, ...args: string[]): string {
    return execFileSync(program, args, {
      cwd: this.folder,
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: "" },
    });
  }
}
