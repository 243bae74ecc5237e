import { recognise } from "../recognise.js";
import { languagesOf } from "../text-languages.js";

addEventListener("message", ({ data }: MessageEvent<readonly string[]>) => postMessage(languagesOf(data, recognise)));
