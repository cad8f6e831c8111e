import { useEffect, useRef, type RefObject } from 'react';
import UPlot, { type AlignedData, type Options } from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { usePreferences } from '../preferences/PreferencesContext';

interface ChartInput {
  /** Everything but the width, which is that of the element. Kept identical while nothing changes: else the chart is built anew. */
  options: Omit<Options, 'width'>;
  data: AlignedData;
}

/** A uPlot chart in an element, as wide as the element, in the colours of the page. */
export function useChart({ options, data }: ChartInput): RefObject<HTMLDivElement | null> {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot | null>(null);
  const newest = useRef(data);
  const { appearance } = usePreferences();

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new UPlot({ ...options, width: element.clientWidth }, newest.current, element);
    chart.current = made;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) made.setSize({ width: element.clientWidth, height: options.height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [options]);

  useEffect(() => {
    newest.current = data;
    chart.current?.setData(data);
  }, [data]);

  // Colours are read when something is drawn.
  useEffect(() => {
    chart.current?.redraw(false, true);
  }, [appearance]);

  return place;
}

/** A colour of the page as the canvas needs it: a value, not a name. */
export function readColor(chart: UPlot, name: string): string {
  return getComputedStyle(chart.root).getPropertyValue(name).trim();
}
