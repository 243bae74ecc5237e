import { blockShape } from "./shapes.mjs";

/** `length` numbers from -scale to scale, the same for a seed wherever this runs (Weyl sequence, murmur3's finaliser). */
export function randomArray(length, seed, scale = 1) {
  const array = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    let x = Math.imul(i + 1, 0x9e3779b9) ^ Math.imul(seed + 1, 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    x ^= x >>> 16;
    array[i] = scale * ((x >>> 0) / 2 ** 31 - 1);
  }
  return array;
}

/** A LoRA layer away from its start (A and B both random), an input and a target. */
export function loraData([rows, inFeatures, outFeatures, rank]) {
  return {
    x: randomArray(rows * inFeatures, 1),
    target: randomArray(rows * outFeatures, 2),
    ...layerData(inFeatures, outFeatures, rank, 3),
  };
}

function layerData(inFeatures, outFeatures, rank, seed) {
  return {
    inFeatures,
    outFeatures,
    weight: randomArray(inFeatures * outFeatures, seed, 1 / Math.sqrt(inFeatures)),
    bias: randomArray(outFeatures, seed + 1, 0.1),
    a: randomArray(inFeatures * rank, seed + 2, 1 / Math.sqrt(inFeatures)),
    b: randomArray(rank * outFeatures, seed + 3, 0.1),
  };
}

/** The encoder block: its layers by name, its norms, input and target. */
export function blockData({ rows, hidden, intermediate, rank } = blockShape) {
  const gain = (seed) => randomArray(hidden, seed, 0.1).map((x) => 1 + x);
  const square = (seed) => layerData(hidden, hidden, rank, seed);
  return {
    x: randomArray(rows * hidden, 1),
    target: randomArray(rows * hidden, 2),
    norms: [
      { weight: gain(3), bias: randomArray(hidden, 4, 0.1) },
      { weight: gain(5), bias: randomArray(hidden, 6, 0.1) },
    ],
    layers: {
      query: square(10),
      key: square(20),
      value: square(30),
      output: square(40),
      up: layerData(hidden, intermediate, rank, 50),
      down: layerData(intermediate, hidden, rank, 60),
    },
  };
}
