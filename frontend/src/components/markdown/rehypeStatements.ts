/**
 * Finds statements, given by their place in the Markdown source, in the drawn
 * tree, by the places that its texts have in the source.
 */
import type { Element, ElementContent, Root, RootContent, Text } from 'hast';
import type { VFile } from 'vfile';

export interface StatementRange {
  /** Which statement of the whole text; what is drawn at its end is asked for by this number. */
  index: number;
  /** Offsets into this part of the source, in UTF-16 units. */
  start: number;
  end: number;
  status: string;
  /** Neighbours with the same key in one block need only one mark; null never joins. */
  key: string | null;
}

interface Place {
  start: number;
  end: number;
}

/** The end of a statement: the block it is in, and that block's child it ends in. */
interface Ending {
  range: StatementRange;
  block: Element;
  child: RootContent;
}

type Parent = Root | Element;

/** One mark may stand for neighbours within these; everything inside them is one line of thought. */
const BLOCKS = new Set(['p', 'li', 'td', 'th', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'blockquote', 'dd']);

export function rehypeStatements(ranges: readonly StatementRange[]) {
  return (tree: Root, file: VFile): void => {
    new Marker(ranges, String(file)).mark(tree);
  };
}

class Marker {
  private readonly ranges: readonly StatementRange[];
  private readonly source: string;
  private readonly endings = new Map<number, Ending>();
  /** Up to where the source has been drawn. */
  private cursor = 0;

  constructor(ranges: readonly StatementRange[], source: string) {
    this.ranges = ranges;
    this.source = source;
  }

  mark(tree: Root): void {
    this.visit(tree, []);
    const endings = [...this.endings.values()].sort((a, b) => a.range.index - b.range.index);
    endings.forEach((ending, at) => {
      const next = endings[at + 1];
      if (next === undefined || !isSaidBy(ending, next)) appendMark(ending);
    });
  }

  private visit(parent: Parent, ancestors: Parent[]): void {
    const path = [...ancestors, parent];
    const children: RootContent[] = [];
    for (const child of parent.children) {
      if (child.type === 'element' && child.tagName === 'pre') this.markCode(child);
      else if (child.type === 'element') this.visit(child, path);
      children.push(...(child.type === 'text' ? this.cut(child, path) : [child]));
    }
    parent.children = children;
  }

  /** Code is drawn by a component of its own, which is told what it contains. */
  private markCode(pre: Element): void {
    const place = placeOf(pre);
    const inside = this.ranges.filter((range) => place !== null && overlaps(range, place));
    if (inside.length === 0) return;
    pre.properties = { ...pre.properties, dataStatements: inside.map(({ index }) => index).join(' ') };
  }

  private cut(text: Text, path: Parent[]): RootContent[] {
    if (text.value.trim() === '') return [text];
    const place = placeOf(text) ?? this.guessPlace(text, path);
    this.cursor = Math.max(this.cursor, place.end);
    const found = this.ranges.filter((range) => overlaps(range, place));
    if (found.length === 0) return [text];
    const offsets = alignOffsets(text.value, this.source.slice(place.start, place.end));
    const pieces: RootContent[] = [];
    let done = 0;
    for (const range of found) {
      const from = Math.max(done, indexFrom(offsets, range.start - place.start));
      const to = indexFrom(offsets, range.end - place.start);
      if (to <= from) continue;
      if (from > done) pieces.push({ type: 'text', value: text.value.slice(done, from) });
      const piece = toPiece(text.value.slice(from, to), range);
      pieces.push(piece);
      this.noteEnding(range, piece, path);
      done = to;
    }
    if (done < text.value.length) pieces.push({ type: 'text', value: text.value.slice(done) });
    return pieces;
  }

  /** Links that are found in plain text lose their places: then the words themselves are looked for. */
  private guessPlace({ value }: Text, path: Parent[]): Place {
    const around = path.map(placeOf).findLast((found) => found !== null);
    const limit = around?.end ?? this.source.length;
    const start = this.source.indexOf(value, Math.max(this.cursor, around?.start ?? 0));
    if (start !== -1 && start < limit) return { start, end: start + value.length };
    return { start: Math.min(this.cursor, limit), end: limit };
  }

  private noteEnding(range: StatementRange, piece: RootContent, path: Parent[]): void {
    const at = path.findLastIndex((node) => node.type === 'element' && BLOCKS.has(node.tagName));
    const block = path[at];
    if (block?.type !== 'element') return;
    // Marks stand beside links and emphasis, not inside them.
    const child = path[at + 1] ?? piece;
    this.endings.set(range.index, { range, block, child: child as RootContent });
  }
}

function isSaidBy(ending: Ending, next: Ending): boolean {
  return ending.range.key !== null && ending.range.key === next.range.key && ending.block === next.block;
}

function appendMark({ range, block, child }: Ending): void {
  const mark: Element = {
    type: 'element',
    tagName: 'cite',
    properties: { dataStatement: range.index },
    children: [],
  };
  const at = block.children.indexOf(child as ElementContent);
  if (at === -1) block.children.push(mark);
  else block.children.splice(at, 1, ...glue(child as ElementContent, mark));
}

const LAST_WORD = /\S{1,4}$/;

/** A mark that begins a line of its own would seem to belong to what follows. */
function glue(child: ElementContent, mark: Element): ElementContent[] {
  const word = child.type === 'text' ? LAST_WORD.exec(child.value) : null;
  if (child.type !== 'text' || word === null) return [child, mark];
  const kept: Element = {
    type: 'element',
    tagName: 'span',
    properties: { dataStatus: 'glued' },
    children: [{ type: 'text', value: word[0] }, mark],
  };
  const before = child.value.slice(0, word.index);
  return before === '' ? [kept] : [{ type: 'text', value: before }, kept];
}

function toPiece(value: string, range: StatementRange): RootContent {
  const text: Text = { type: 'text', value };
  if (range.status === 'cited') return text;
  return {
    type: 'element',
    tagName: 'span',
    properties: { dataStatus: range.status },
    children: [text],
  };
}

function placeOf(node: Parent | Text): Place | null {
  const start = node.position?.start.offset;
  const end = node.position?.end.offset;
  return start === undefined || end === undefined ? null : { start, end };
}

function overlaps(range: Place, place: Place): boolean {
  return range.start < place.end && range.end > place.start;
}

function indexFrom(offsets: readonly number[], offset: number): number {
  const index = offsets.findIndex((at) => at >= offset);
  return index === -1 ? offsets.length : index;
}

const ENTITY = /^&(?:#x[\da-f]{1,6}|#\d{1,7}|[a-z][\da-z]{1,31});/i;

/**
 * Where each character of a drawn text stands in its source. The source has
 * more: escapes, entities, marks of code, the indent of a continued line.
 */
export function alignOffsets(drawn: string, source: string): number[] {
  const offsets: number[] = [];
  let at = 0;
  for (const character of drawn) {
    const entity = source[at] === '&' && character !== '&' ? ENTITY.exec(source.slice(at)) : null;
    if (entity === null) at = findAhead(source, character, at);
    for (let unit = 0; unit < character.length; unit += 1) offsets.push(at + unit);
    at += entity?.[0].length ?? character.length;
  }
  return offsets;
}

/** Skipping only little keeps one odd character from throwing off all that follow. */
const FURTHEST_SKIP = 24;

function findAhead(source: string, character: string, from: number): number {
  const found = source.indexOf(character, from);
  return found === -1 || found - from > FURTHEST_SKIP ? from : found;
}
