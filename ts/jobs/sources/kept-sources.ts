import { checkOptions } from "../../arguments/options.js";
import { keepModel, type KeepOptions } from "../../io/page/keep-model.js";
import { remember } from "../../io/made-from.js";
import { addresses, type JobSources } from "./job-sources.js";

/** What `keepModel` takes, but for what each job says itself. */
export type KeptSourcesOptions = Pick<KeepOptions, "manifest" | "persist" | "hubUrl">;

/**
 * Sources of a page's job that keep the model in this browser: `spec.model` is what `keepModel` takes as text (an address, or a
 * name on the hub), and the model's hash is known without reading it whole. Data are addresses, as without it. Throws `ConfigError`
 * for options that make no sense.
 */
export function keptSources(options: KeptSourcesOptions = {}): JobSources {
  checkOptions("keptSources", options, ["manifest", "persist", "hubUrl"]);
  const { manifest, persist, hubUrl } = options;
  const sources: JobSources = {
    ...addresses,
    findModel: (name, { signal, onDownload }) =>
      keepModel(name, {
        ...{ manifest, persist, hubUrl, signal },
        onProgress: ({ file, done, total }) => onDownload({ file, received: done, total }),
      }),
  };
  return remember(sources, "kept sources", { manifest, persist, hubUrl });
}
