import { remember } from "../../io/made-from.js";
import { cacheModel } from "../../io/page/cache-model.js";
import { type JobSources, providedSources } from "./job-sources.js";
import { type KeptSourcesOptions, takeKeptSources } from "./own-data.js";

/**
 * Sources of a page's job that cache the model in this browser: `spec.model` is a string that `cacheModel` accepts (an address, or a name
 * on the hub), and its hash is known without reading the whole model. Data are addresses, or files of the page. Throws `ConfigError` for
 * invalid options.
 *
 * @example
 * const data = { "examples.json": JSON.stringify([{ text: "where is it", label: "question" }]) }; await runJob({ model, data:
 * "examples.json", steps: 40 }, opfsStore("mine"), { sources: keptSources({ data }) });
 */
export function keptSources(options: KeptSourcesOptions = {}): JobSources {
  const taken = takeKeptSources(options);
  const { manifest, persist, hubUrl, data = {} } = taken;
  // In a worker, relative addresses start from the page's.
  const provided = providedSources();
  const sources: JobSources = {
    ...provided,
    findModel: (name, { signal, onDownload }) =>
      cacheModel(name, {
        manifest,
        persist,
        hubUrl,
        signal,
        onProgress: ({ file, done, total }) => onDownload({ file, received: done, total }),
      }),
    readData: async (name, options) =>
      Object.hasOwn(data, name)
        ? { name, bytes: new Uint8Array(await data[name]!.arrayBuffer()) }
        : provided.readData(name, options),
  };
  return remember(sources, "kept sources", taken);
}
