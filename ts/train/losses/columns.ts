import { isRecord } from "../../arguments/collections.js";
import { unexpected } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { idList } from "../../graph/node.js";
import { checkShape, wrongShape } from "../../values/shape.js";
import type { LossCall } from "./loss-plan.js";
import { given } from "./matryoshka.js";

/**
 * The shape of columns, which all have it, and the given options. Throws `ConfigError` for none and for options that are no object, `ShapeError` where they differ.
 * @param check throws for a shape that the first must not have
 */
export function columnShape(
  what: string,
  graph: Graph,
  ids: readonly NodeId[],
  options: unknown,
  check: (first: readonly number[]) => void,
): { readonly shape: readonly number[]; readonly options: LossCall["options"] } {
  if (!isRecord(options)) throw unexpected(what, "options", "an object", options);
  if (ids.length === 0) {
    throw new ConfigError(`${what}: expected at least one column, got none`, {
      op: what,
      option: "columns",
      length: 0,
    });
  }
  const shapes = ids.map((id) => graph.shape(id));
  const [first] = shapes as [readonly number[]];
  check(first);
  shapes.forEach((shape, place) => checkShape(what, `columns[${place}]`, shape, first, "the first column's "));
  return { shape: first, options: given(options) };
}

/** Checks columns of vectors, nodes of one shape `[rows, width]`, and that the options are an object. */
export function takeColumns(
  what: string,
  graph: Graph,
  columns: readonly NodeId[],
  options: unknown,
): { readonly ids: NodeId[]; readonly call: LossCall } {
  const ids = idList(what, columns);
  const { shape, options: own } = columnShape(what, graph, ids, options, (first) => {
    if (first.length !== 2) throw wrongShape(what, "columns[0]", "[rows, width]", first);
  });
  const [rows, width] = shape as [number, number];
  if (rows === 0 || width === 0) throw wrongShape(what, "columns[0]", "[rows, width], with at least one row", shape);
  return {
    ids,
    call: {
      what,
      graph,
      columns: ids.length,
      rows,
      width,
      fullWidth: width,
      options: own,
    },
  };
}
