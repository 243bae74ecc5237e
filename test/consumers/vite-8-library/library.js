import * as lowrank from "lowrank";
import { SentenceEncoder, startWorker } from "lowrank/worker";
import { answer } from "./answer.js";

export const here = () => answer(lowrank);

export async function there() {
  let worker;
  const init = async (options) => (worker = await startWorker(options)).info;
  const load = (files) => SentenceEncoder.load(files, { worker });
  return answer({ init, SentenceEncoder: { load } });
}
