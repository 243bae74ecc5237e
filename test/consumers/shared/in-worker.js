import { SentenceEncoder, startWorker } from "lowrank/worker";
import { answer } from "./answer.js";

let worker;
const init = async (options) => (worker = await startWorker(options)).info;
const load = (files) => SentenceEncoder.load(files, { worker });
document.title = `answer: ${await answer({ init, SentenceEncoder: { load } })}`;
