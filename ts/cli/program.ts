import { defineBench } from "./commands/bench.js";
import { defineChat } from "./commands/chat.js";
import { defineCheck } from "./commands/check.js";
import { defineData } from "./commands/data.js";
import { defineDoctor } from "./commands/doctor.js";
import { defineEmbed } from "./commands/embed.js";
import { defineEvaluate } from "./commands/evaluate.js";
import { defineExtract } from "./commands/extract.js";
import { defineFinetune } from "./commands/finetune.js";
import { defineGenerate } from "./commands/generate.js";
import { defineIndex } from "./commands/index-texts.js";
import { defineInspect } from "./commands/inspect.js";
import { defineMerge } from "./commands/merge.js";
import { defineFlower, defineQueueCommands } from "./commands/of-packages.js";
import { definePredict } from "./commands/predict.js";
import { definePush } from "./commands/push.js";
import { defineQuantize } from "./commands/quantize.js";
import { defineResize } from "./commands/resize.js";
import { defineSearch } from "./commands/search.js";
import { defineServe } from "./commands/serve.js";
import { defineStudio } from "./commands/studio.js";
import { runs } from "./run-program.js";

const commands = [
  defineFinetune,
  defineData,
  defineEvaluate,
  definePredict,
  defineEmbed,
  defineIndex,
  defineSearch,
  defineGenerate,
  defineChat,
  defineServe,
  defineMerge,
  defineQuantize,
  defineCheck,
  defineExtract,
  defineResize,
  defineInspect,
  definePush,
  defineQueueCommands,
  defineFlower,
  defineStudio,
  defineDoctor,
  defineBench,
];

/** Runs the command line. */
export const run = runs({
  name: "lowrank",
  description:
    "Train, apply and exchange LoRA adapters of sentence encoders and small language models, in WebAssembly.",
  commands,
});
