// node scripts/setup/fetch-model.mjs NAME: brings a model into the cache, telling how far it is.
import { fetchModel } from "../../dist/node.js";

const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
try {
  await fetchModel(process.argv[2], {
    onProgress({ from, file, received, total }) {
      console.log(`${from}: ${file}, ${megabytes(received)} of ${megabytes(total)} MB`);
    },
  });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
