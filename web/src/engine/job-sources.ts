import type { JobOptions } from "lowrank/jobs";
import type { Download } from "../state/download.js";
import type { EncoderId } from "./encoders.js";
import { findModel } from "./model.js";

interface From {
  readonly encoder: EncoderId;
  /** The data by the names in the job's spec. */
  readonly dataOf: (name: string) => Uint8Array;
  readonly signal?: AbortSignal;
  readonly onDownload?: (download: Download) => void;
}

/** Where a job on the encoder finds its model and its data. */
export const sourcesFrom = ({ encoder, dataOf, signal, onDownload }: From): NonNullable<JobOptions["sources"]> => ({
  findModel: async (_name, { onDownload: told }) => {
    const tell = (download: Download) => {
      told(download);
      onDownload?.(download);
    };
    // The worker finds a cached model by its name. Nothing else of the model is used here.
    return (await findModel({ encoder, ...(signal && { signal }), onDownload: tell })) as never;
  },
  readData: async (name) => ({ name, bytes: dataOf(name) }),
  machine: () => ({ userAgent: navigator.userAgent }),
});
