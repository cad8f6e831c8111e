import { describe, expect, it } from 'vitest';
import { findLonely, fitSpan, measure, toColumn } from './points';

const at = (second: number, value: number) => ({ at: new Date(second * 1000).toISOString(), value });
const SPAN = { from: 100, to: 200 };

describe('toColumn', () => {
  it('fills the span from end to end, so that little history does not look like much', () => {
    expect(toColumn([at(190, 0.5)], SPAN, 10)).toEqual([
      [100, 190, 200],
      [null, 0.5, null],
    ]);
  });

  it('breaks the line where nobody looked for a while', () => {
    expect(toColumn([at(110, 1), at(115, 2), at(155, 3)], SPAN, 20)[1]).toEqual([null, 1, 2, null, 3, null]);
  });

  it('leaves out what lies outside the span, so that times only grow', () => {
    expect(toColumn([at(50, 1), at(150, 2), at(250, 3)], SPAN, 10)[0]).toEqual([100, 150, 200]);
  });
});

describe('fitSpan', () => {
  const day = { from: 0, to: 86_400 };

  it('leaves out the part before the first point', () => {
    expect(fitSpan(day, [[at(46_400, 1)], [at(66_400, 1)]])).toEqual({ from: 44_400, to: 86_400 });
  });

  it('shows ten minutes at least, and never more than was asked for', () => {
    expect(fitSpan(day, [[at(86_000, 1)]])).toEqual({ from: 85_800, to: 86_400 });
    expect(fitSpan(day, [[at(10, 1)]])).toEqual(day);
    expect(fitSpan(day, [[], []])).toEqual(day);
  });
});

describe('findLonely', () => {
  it('finds the values that a line would not show', () => {
    expect(findLonely([null, 1, null, 2, 3, undefined, 4])).toEqual([1, 6]);
  });
});

describe('measure', () => {
  it('knows nothing of an empty series', () => {
    expect(measure([])).toBeNull();
    expect(measure([at(1, 3), at(2, 1), at(3, 2)])).toEqual({ lowest: 1, highest: 3, newest: 2 });
  });
});
