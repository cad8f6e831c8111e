const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const LIST_ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)/;
const DEFINITION = /^ {0,3}\[[^\]]+\]:/m;

export interface MarkdownPart {
  text: string;
  /** Where it begins in the whole. */
  start: number;
}

/**
 * Cuts a document into parts that render the same alone as together, so that
 * only the last part of a growing answer is parsed again. Cuts are made at blank
 * lines outside code fences, never inside a list; a document with link or footnote
 * definitions is one part, since these work across it.
 */
export function splitMarkdown(text: string): MarkdownPart[] {
  if (DEFINITION.test(text)) return [{ text, start: 0 }];
  const parts: MarkdownPart[] = [];
  let start = 0;
  const add = (lines: readonly string[]): void => {
    const part = lines.join('\n');
    if (part.trim() !== '') parts.push({ text: part, start });
    start += part.length + 1;
  };
  let current: string[] = [];
  let fence: string | null = null;
  let afterBlank = false;
  for (const line of text.split('\n')) {
    if (fence === null && afterBlank && startsNewPart(current, line)) {
      add(current);
      current = [];
    }
    fence = nextFence(fence, line);
    current.push(line);
    if (fence !== null || line.trim() !== '') afterBlank = false;
    else afterBlank = true;
  }
  add(current);
  return parts;
}

function startsNewPart(current: readonly string[], line: string): boolean {
  if (line.trim() === '' || /^\s/.test(line)) return false;
  const first = current.find((candidate) => candidate.trim() !== '');
  const isInList = first !== undefined && LIST_ITEM.test(first);
  return !(isInList && LIST_ITEM.test(line));
}

function nextFence(fence: string | null, line: string): string | null {
  const mark = FENCE.exec(line)?.[1];
  if (mark === undefined) return fence;
  if (fence === null) return mark;
  const isClosing = mark.startsWith(fence);
  return isClosing && line.trim() === mark ? null : fence;
}
