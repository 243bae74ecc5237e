import { serve, type WorkerData } from "../engine/pool.js";

// A thread of the pool in a page: it serves kernels until the page goes.
self.onmessage = ({ data }: MessageEvent<WorkerData>) => serve(data, () => self.postMessage("ready"));
