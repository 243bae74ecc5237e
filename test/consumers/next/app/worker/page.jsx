"use client";

import { SentenceEncoder, startWorker } from "lowrank/worker";
import { useEffect, useState } from "react";
import { answer } from "../../answer.js";

export default function Page() {
  const [text, setText] = useState("waiting");
  useEffect(() => {
    let worker;
    const init = async (options) => (worker = await startWorker(options)).info;
    const load = (files) => SentenceEncoder.load(files, { worker });
    answer({ init, SentenceEncoder: { load } }).then(
      (text) => setText(`answer: ${text}`),
      (error) => setText(`answer: ${error}`),
    );
  }, []);
  return <title>{text}</title>;
}
