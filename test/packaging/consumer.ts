import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../../scripts/setup/paths.mjs";

/** What `npm pack` puts into the tarball, by path. */
export function packedFiles(destination: string): { tarball: string; files: string[] } {
  const options = ["--json", "--ignore-scripts", "--pack-destination", destination];
  const [report] = JSON.parse(execFileSync("npm", ["pack", ...options], { cwd: root, encoding: "utf8" }));
  return { tarball: join(destination, report.filename), files: report.files.map(({ path }: { path: string }) => path) };
}

/** A small project that has the packed tarball installed; the package's own dependencies are links to ours. */
export class Consumer {
  readonly folder = mkdtempSync(join(tmpdir(), "lowrank-consumer-"));
  readonly files: string[];

  constructor() {
    const { tarball, files } = packedFiles(this.folder);
    this.files = files;
    const installed = join(this.folder, "node_modules/lowrank");
    mkdirSync(installed, { recursive: true });
    execFileSync("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
    const { dependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    for (const name of Object.keys(dependencies)) this.link(name);
    this.write("package.json", '{ "type": "module", "private": true }');
  }

  /** Makes another package of ours available. */
  link(name: string): void {
    const place = join(this.folder, "node_modules", name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(root, "node_modules", name), place);
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
