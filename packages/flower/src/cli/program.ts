import { runs } from "lowrank/extension/cli";
import { defineFlowerApp } from "./app.js";
import { defineFlowerJoin } from "./join.js";
import { defineFlowerKey } from "./key.js";

/** The command line of federations. */
export const run = runs({
  name: "lowrank-flower",
  description: "Train one adapter with others through Flower. Texts stay where they are.",
  commands: [defineFlowerApp, defineFlowerJoin, defineFlowerKey],
});
