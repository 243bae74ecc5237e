import * as lowrank from "lowrank";
import { answer } from "./answer.js";

export default {
  async fetch() {
    const text = `<!doctype html><title>answer: ${await answer(lowrank)}</title>`;
    return new Response(text, { headers: { "content-type": "text/html" } });
  },
};
