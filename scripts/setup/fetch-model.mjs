// node scripts/setup/fetch-model.mjs NAME FOLDER: brings a model into the cache, telling how far it is, by the built package in a folder.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [name, folder] = process.argv.slice(2);
const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
try {
  const { fetchModel } = await import(pathToFileURL(join(folder, "node.js")).href);
  await fetchModel(name, {
    onProgress({ from, file, received, total }) {
      console.log(`${from}: ${file}, ${megabytes(received)} of ${megabytes(total)} MB`);
    },
  });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
