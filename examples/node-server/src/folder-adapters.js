import { cp, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeFilesAtomically } from "lowrank";

/** What a classifier, or an adapter alone, is made of. */
const FILES = ["labels.json", "head.safetensors", "adapter_config.json", "adapter_model.safetensors"];

/** The file beside a tenant's versions that names one of them; none is called so. */
export const CURRENT = "current";

const missing = (error) => {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
  throw error;
};

/**
 * Adapters in folders `<root>/<tenant>/<version>`; the file `<root>/<tenant>/current` names the version that requests mean that
 * name none. The server checks names before they come here: each is one part of a path.
 */
export class FolderAdapters {
  constructor(root) {
    this.root = root;
  }

  async files(tenant, version) {
    const folder = join(this.root, tenant, version);
    const found = await Promise.all(FILES.map((file) => readFile(join(folder, file)).catch(missing)));
    const files = Object.fromEntries(FILES.map((file, i) => [file, found[i]]).filter(([, bytes]) => bytes !== null));
    return Object.keys(files).length === 0 ? null : files;
  }

  async current(tenant) {
    const text = await readFile(join(this.root, tenant, CURRENT), "utf8").catch(missing);
    return text === null ? null : text.trim();
  }

  async has(tenant, version) {
    return (await stat(join(this.root, tenant, version)).catch(missing)) !== null;
  }

  /** Makes a run's classifier a tenant's new version, whole or not at all, and its current one. */
  async publish(tenant, version, run) {
    const [folder, part] = [join(this.root, tenant), join(this.root, tenant, `.${version}.part`)];
    if (!(await this.has(tenant, version))) {
      await rm(part, { recursive: true, force: true });
      await mkdir(part, { recursive: true });
      for (const file of FILES) await cp(join(run, file), join(part, file)).catch(missing);
      await rename(part, join(folder, version));
    }
    await writeFilesAtomically(folder, { [CURRENT]: new TextEncoder().encode(version) });
  }
}
