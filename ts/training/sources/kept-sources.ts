import { remember } from "../../io/made-from.js";
import { cacheModel } from "../../io/page/cache-model.js";
import { type JobSources, providedSources } from "./job-sources.js";
import { type KeptSourcesOptions, takeKeptSources } from "./own-data.js";

/**
 * Sources of a page's job that keep the model in this browser: `spec.model` is what `cacheModel` takes as text (an address, or a
 * name on the hub), and the model's hash is known without reading it whole. Data are addresses, as without it, or files that the
 * page has itself. Throws `ConfigError` for options that make no sense.
 *
 * @example
 * const data = { "examples.json": JSON.stringify([{ text: "where is it", label: "question" }]) };
 * await runJob({ model, data: "examples.json", steps: 40 }, opfsStore("mine"), { sources: keptSources({ data }) });
 */
export function keptSources(options: KeptSourcesOptions = {}): JobSources {
  const taken = takeKeptSources(options);
  const { manifest, persist, hubUrl, data = {} } = taken;
  // In a worker those whose addresses begin from its page's.
  const provided = providedSources();
  const sources: JobSources = {
    ...provided,
    findModel: (name, { signal, onDownload }) =>
      cacheModel(name, {
        ...{ manifest, persist, hubUrl, signal },
        onProgress: ({ file, done, total }) => onDownload({ file, received: done, total }),
      }),
    readData: async (name, options) =>
      Object.hasOwn(data, name)
        ? { name, bytes: new Uint8Array(await data[name]!.arrayBuffer()) }
        : provided.readData(name, options),
  };
  return remember(sources, "kept sources", taken);
}
