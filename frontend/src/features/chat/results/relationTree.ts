/** Draws the objects around one object as a tree: every object once, from the start outwards. No IO. */
import { isObject, toStrings, toText, type JsonObject } from '@/components/data/toolResult';

export interface RelationNode {
  /** Kind/name. */
  object: string;
  state: string | null;
  isMissing: boolean;
  /** Null for the start. */
  relation: { name: string; isTowards: boolean } | null;
  children: RelationNode[];
  /** Relations to objects that stand elsewhere in the tree. */
  links: { name: string; isTowards: boolean; object: string }[];
}

type Edge = readonly [from: string, relation: string, to: string];

export function growRelationTree(result: JsonObject): RelationNode | null {
  const start = toText(result['start']);
  if (start === null) return null;
  const edges = readEdges(result['rows']);
  const states = isObject(result['states']) ? result['states'] : {};
  const missing = new Set(toStrings(result['missing']));
  const grow = (object: string, relation: RelationNode['relation']): RelationNode => ({
    object,
    state: toText(states[object]),
    isMissing: missing.has(object),
    relation,
    children: [],
    links: [],
  });
  const root = grow(start, null);
  const nodes = new Map([[start, root]]);
  const open = edgesByObject(edges);
  const drawn = new Set<Edge>();
  // A map yields what is added while it is walked, so this goes through the tree level by level.
  for (const [object, node] of nodes) {
    for (const edge of open.get(object) ?? []) {
      if (drawn.has(edge)) continue;
      drawn.add(edge);
      const isTowards = edge[0] === object;
      const other = isTowards ? edge[2] : edge[0];
      const relation = { name: edge[1], isTowards };
      if (nodes.has(other)) {
        node.links.push({ ...relation, object: other });
        continue;
      }
      const child = grow(other, relation);
      nodes.set(other, child);
      node.children.push(child);
    }
  }
  return root;
}

function readEdges(value: unknown): Edge[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter((row): row is unknown[] => Array.isArray(row))
    .map((row): Edge => [toText(row[0]) ?? '', toText(row[1]) ?? '', toText(row[2]) ?? '']);
}

function edgesByObject(edges: readonly Edge[]): Map<string, Edge[]> {
  const found = new Map<string, Edge[]>();
  for (const edge of edges) {
    for (const object of new Set([edge[0], edge[2]])) {
      const known = found.get(object);
      if (known === undefined) found.set(object, [edge]);
      else known.push(edge);
    }
  }
  return found;
}
