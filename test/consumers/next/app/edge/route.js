import * as lowrank from "lowrank";
import { answer } from "../../answer.js";

export const runtime = "edge";

export async function GET() {
  const text = `<!doctype html><title>answer: ${await answer(lowrank)}</title>`;
  return new Response(text, { headers: { "content-type": "text/html" } });
}
