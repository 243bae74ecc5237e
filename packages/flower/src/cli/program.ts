import { runs } from "lowrank/extension/cli";
import { defineFlowerApp } from "./app.js";
import { defineFlowerJoin } from "./join.js";
import { defineFlowerKey } from "./key.js";

/** Runs the command line of federations. */
export const run = runs({
  name: "lowrank-flower",
  description: "Train one adapter with others, whose texts stay where they are, by Flower.",
  commands: [defineFlowerApp, defineFlowerJoin, defineFlowerKey],
});
