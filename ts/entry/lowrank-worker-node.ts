import { parentPort } from "node:worker_threads";
import { type Channel, isHello } from "../worker/protocol/messages.js";
import { atOnce } from "../worker/server/families/at-once.js";
import { serve } from "../worker/server/serve.js";
import "./jobs-node.js";

// The file that a thread of `lowrank/worker` runs in Node, Deno and Bun: it finds files, binaries and its own threads as they do.
parentPort!.on("message", function greeted(came: unknown) {
  if (!isHello(came)) return;
  parentPort!.off("message", greeted);
  const channel: Channel = {
    post: (message, transfer) => parentPort!.postMessage(message, transfer as never),
    listen: (hear) => void parentPort!.on("message", hear),
  };
  serve(channel, came, () => undefined, atOnce);
});
