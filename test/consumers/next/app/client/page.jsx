"use client";

import * as lowrank from "lowrank";
import { useEffect, useState } from "react";
import { answer } from "../../answer.js";

export default function Page() {
  const [text, setText] = useState("waiting");
  useEffect(() => {
    answer(lowrank).then(
      (text) => setText(`answer: ${text}`),
      (error) => setText(`answer: ${error}`),
    );
  }, []);
  return <title>{text}</title>;
}
