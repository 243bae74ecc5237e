import { parentPort } from "node:worker_threads";
import type { Hello } from "../worker/protocol/messages.js";
import { serve } from "../worker/server/serve.js";
import "./jobs-node.js";

// The file that a thread of `lowrank/worker` runs in Node, Deno and Bun: it finds files, binaries and its own threads as they do.
parentPort!.once("message", (hello: Hello) =>
  serve(
    {
      post: (message, transfer) => parentPort!.postMessage(message, transfer as never),
      listen: (hear) => void parentPort!.on("message", hear),
    },
    hello,
    () => undefined,
  ),
);
