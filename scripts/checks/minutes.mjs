// Where the time of a test run goes. `node scripts/checks/minutes.mjs [FILE]` prints the table of a run that has ended.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../setup/paths.mjs";

/** Where `npm test` leaves the times of its test files, as `[{ project, file, seconds }]`. */
export const minutesFile = join(root, "build/minutes.json");

const FOLDERS = 14;
const FILES = 12;

/** Seconds by folder and project, longest first, and the files that took longest, as text. */
export function minutesTable(times) {
  const projects = [...new Set(times.map(({ project }) => project))];
  const folders = groupBy(times, ({ file }) => file.split("/").slice(0, 2).join("/"));
  const rows = [...folders].map(([folder, of]) => [folder, sum(of), ...projects.map((name) => sum(of, name))]);
  rows.sort((a, b) => b[1] - a[1]);
  const all = ["all", sum(times), ...projects.map((name) => sum(times, name))];
  const shown = [["seconds in", "all", ...projects], ...[...rows.slice(0, FOLDERS), all].map(rounded)];
  const files = [...groupBy(times, ({ file }) => file)].map(([file, of]) => [sum(of), file]).sort(([a], [b]) => b - a);
  const longest = files.slice(0, FILES).map(([seconds, file]) => `${file} ${seconds.toFixed(0)} s`);
  return `${aligned(shown)}\n Longest: ${longest.join(", ")}`;
}

function sum(times, project) {
  return times.reduce((total, time) => ((project ?? time.project) === time.project ? total + time.seconds : total), 0);
}

function groupBy(values, keyOf) {
  const groups = new Map();
  for (const value of values) groups.set(keyOf(value), [...(groups.get(keyOf(value)) ?? []), value]);
  return groups;
}

function rounded([name, ...numbers]) {
  return [name, ...numbers.map((seconds) => (seconds === 0 ? "" : seconds.toFixed(0)))];
}

function aligned(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ");
  return rows.map((row) => ` ${line(row)}`).join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  console.log(minutesTable(JSON.parse(readFileSync(process.argv[2] ?? minutesFile, "utf8"))));
