import { flowerFolder, hasFlower } from "../../servers/flower.mjs";
import { pythonServer } from "./python-server.mjs";

/** Flower, whose servers federations are tested with, in a Python environment of its own. */
export const flower = pythonServer({
  title: "Flower (pip install, 460 MB)",
  seconds: 60,
  folder: flowerFolder,
  there: hasFlower,
  purpose: "the tests of federations",
  packages: ["flwr[dp]==1.42.0", "safetensors==0.8.0"],
});
