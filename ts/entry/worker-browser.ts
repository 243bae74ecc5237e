import { serve, type WorkerData } from "../engine/pool.js";

// A thread of the pool in a page: it serves kernels until the page goes.
// The page hears of errors, not of rejected promises.
self.onmessage = ({ data }: MessageEvent<WorkerData>) =>
  serve(data, () => self.postMessage("ready")).catch((error: unknown) => reportError(error));
self.onmessageerror = () => reportError(new Error("the kernels could not be sent to a worker"));
