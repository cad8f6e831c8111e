import { act, renderHook } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { useHold } from './useHold';

/** A list whose newest text begins `above` pixels above its top. */
function listWithText(above: number): HTMLElement {
  const list = document.createElement('section');
  list.innerHTML = '<article><div data-answer-text>answer</div></article>';
  const text = list.querySelector('[data-answer-text]');
  if (text !== null) text.getBoundingClientRect = () => new DOMRect(0, -above, 0, 0);
  list.scrollTop = 1000;
  return list;
}

function setUp(isActive = true) {
  return renderHook((props: { turnId: string; isActive: boolean }) => useHold(props), {
    initialProps: { turnId: 't1', isActive },
  });
}

describe('useHold', () => {
  it('stops at the beginning of a text that outgrows the view', () => {
    const { result } = setUp();
    const list = listWithText(300);

    let hasStopped = false;
    act(() => {
      hasStopped = result.current.onScroll(list, true);
    });

    expect(hasStopped).toBe(true);
    expect(result.current.isHeld).toBe(true);
    expect(list.scrollTop).toBe(1000 - 300 - 12);
  });

  it('follows again once the reader went to the end, and anew in the next turn', () => {
    const { result, rerender } = setUp();
    const list = listWithText(300);
    act(() => void result.current.onScroll(list, true));

    act(() => void result.current.onScroll(list, true));
    expect(result.current.isHeld).toBe(false);
    let hasStopped = true;
    act(() => {
      hasStopped = result.current.onScroll(list, true);
    });
    expect(hasStopped).toBe(false);

    rerender({ turnId: 't2', isActive: true });
    act(() => {
      hasStopped = result.current.onScroll(list, true);
    });
    expect(hasStopped).toBe(true);
  });

  it.each([
    ['the text still begins in view', 0, true, true],
    ['the reader is elsewhere', 300, false, true],
    ['nothing is being written', 300, true, false],
  ])('leaves the list alone when %s', (_why, above, isAtEnd, isActive) => {
    const { result } = setUp(isActive);
    const list = listWithText(above);

    act(() => void result.current.onScroll(list, isAtEnd));

    expect(result.current.isHeld).toBe(false);
    expect(list.scrollTop).toBe(1000);
  });
});
