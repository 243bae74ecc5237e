import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../setup/paths.mjs";

/**
 * What keeps a package from being published: sentences that say what to do, none where nothing does.
 * @param {{ tag?: string, folder?: string }} options tag of the commit; undefined outside a release
 */
export function problems({ tag, folder = root } = {}) {
  const read = (name) => readFileSync(join(folder, name), "utf8");
  const { version, repository, workspaces = [] } = JSON.parse(read("package.json"));
  const found = [];
  for (const workspace of workspaces) {
    const { name, ...other } = JSON.parse(read(`${workspace}/package.json`));
    if (other.version !== version)
      found.push(`${name} has the version ${other.version}: it is published with ${version}, with which it was tested`);
    if (repository !== undefined && other.repository?.url !== repository.url)
      found.push(`${workspace}/package.json has another "repository": fill in that of package.json, and "directory"`);
  }
  // npm compares it with the place that builds the package, and refuses provenance where they differ.
  if (repository === undefined)
    found.push(
      'package.json has no "repository": fill in { "type": "git", "url": "git+https://….git" }, and "homepage" and "bugs" with it',
    );
  if (tag !== undefined && tag !== `v${version}`)
    found.push(`the tag is ${tag}, the version ${version}: tag v${version}`);
  const waiting = readdirSync(join(folder, ".changeset")).filter(
    (name) => name.endsWith(".md") && name !== "README.md",
  );
  if (waiting.length > 0)
    found.push(`${waiting.join(", ")} in .changeset is not in a version: run npx changeset version`);
  if (!read("CHANGELOG.md").includes(`## ${version}`)) found.push(`CHANGELOG.md has no part "## ${version}"`);
  return found;
}
