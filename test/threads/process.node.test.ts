import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const entry = join(import.meta.dirname, "../../dist/node.js");

it("a process with a pool ends by itself", async () => {
  const program = `import { init } from ${JSON.stringify(entry)}; console.log((await init({ threads: 2 })).threads);`;
  const { stdout } = await promisify(execFile)("node", ["--input-type=module", "--eval", program], { timeout: 20_000 });
  expect(stdout.trim()).toBe("2");
});

it("one thread and two agree within rounding", async () => {
  const program = (threads: number) => `
    import { Graph, init, normal } from ${JSON.stringify(entry)};
    await init({ threads: ${threads} });
    const graph = new Graph({ seed: 1 });
    const product = graph.matmul(graph.constant(normal(graph, [200, 300], 1)), graph.constant(normal(graph, [300, 100], 1)));
    console.log(JSON.stringify([...graph.value(graph.softmax(product)).data]));
  `;
  const run = async (threads: number) => {
    const options = { timeout: 20_000, maxBuffer: 64 * 1024 * 1024 };
    const { stdout } = await promisify(execFile)("node", ["--input-type=module", "--eval", program(threads)], options);
    return JSON.parse(stdout) as number[];
  };
  const [one, two] = [await run(1), await run(2)];
  one.forEach((value, i) => expect(Math.abs(value - two[i]!)).toBeLessThan(1e-5));
});
