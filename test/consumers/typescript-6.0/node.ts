import { Worker } from "node:worker_threads";
import { init, TextClassifier, writeFilesAtomically } from "lowrank";
import { folderStore, runJob } from "lowrank/jobs";
import * as node from "lowrank/node";

export const start = () => init({ worker: () => new Worker("./pool.js") });
export const same: typeof writeFilesAtomically = node.writeFilesAtomically;
export const run = (folder: string) => runJob({ data: "reviews.csv" }, folderStore(folder));
export const open = () => TextClassifier.open("my-adapter");
