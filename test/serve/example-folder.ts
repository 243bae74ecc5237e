import { cpSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../../scripts/setup/paths.mjs";
import { Consumer } from "../packaging/consumer.js";

/** An example as its user has it: beside the packed tarball. `packages` are its own dependencies, links to ours. */
export class ExampleFolder extends Consumer {
  readonly example: string;

  constructor(name: string, packages: readonly string[] = []) {
    super();
    this.example = this.add(name);
    for (const name of packages) this.link(name);
  }

  /** Puts another example beside it, as they are in the repository. */
  add(name: string): string {
    const place = join(this.folder, name);
    const skipped = ["node_modules", ".wrangler", "package-lock.json"];
    const filter = (path: string) => !skipped.includes(basename(path));
    cpSync(join(root, "examples", name), place, { recursive: true, filter });
    return place;
  }

  /** A module of the example, as Node loads it. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  import(file: string): Promise<any> {
    return import(/* @vite-ignore */ pathToFileURL(join(this.example, file)).href);
  }
}
