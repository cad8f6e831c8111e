import { useEffect, useLayoutEffect, useRef, useState, type CSSProperties, type ReactNode } from 'react';
import { createPortal } from 'react-dom';

interface FloatingPanelProps {
  anchor: HTMLElement;
  /** Preferred side; the other one is taken where this one has no room. */
  side: 'above' | 'below';
  align: 'start' | 'end';
  /** Absent for a panel that its owner closes. */
  onClose?: () => void;
  children: ReactNode;
}

const GAP_PX = 6;
const EDGE_PX = 8;

/** Content beside an element, above everything else; no parent clips it. */
export function FloatingPanel({ anchor, side, align, onClose, children }: FloatingPanelProps): ReactNode {
  const panel = useRef<HTMLDivElement>(null);
  const [style, setStyle] = useState<CSSProperties>({ position: 'fixed', visibility: 'hidden' });

  useLayoutEffect(() => {
    if (panel.current === null) return;
    setStyle(place(anchor.getBoundingClientRect(), panel.current.getBoundingClientRect(), { side, align }));
  }, [anchor, side, align, children]);

  const close = useRef(onClose);
  useEffect(() => {
    close.current = onClose;
  });
  useEffect(() => {
    const onPointer = ({ target }: Event): void => {
      const isInside =
        target instanceof Node &&
        (panel.current?.contains(target) === true || anchor.contains(target));
      if (!isInside) close.current?.();
    };
    const onResize = (): void => {
      close.current?.();
    };
    document.addEventListener('pointerdown', onPointer);
    document.addEventListener('scroll', onPointer, true);
    window.addEventListener('resize', onResize);
    return () => {
      document.removeEventListener('pointerdown', onPointer);
      document.removeEventListener('scroll', onPointer, true);
      window.removeEventListener('resize', onResize);
    };
  }, [anchor]);

  return createPortal(
    <div ref={panel} style={{ ...style, zIndex: 1100 }}>
      {children}
    </div>,
    document.body,
  );
}

function place(
  anchor: DOMRect,
  panel: DOMRect,
  { side, align }: Pick<FloatingPanelProps, 'side' | 'align'>,
): CSSProperties {
  const above = anchor.top - GAP_PX - panel.height;
  const below = anchor.bottom + GAP_PX;
  const fitsAbove = above >= EDGE_PX;
  const fitsBelow = below + panel.height <= window.innerHeight - EDGE_PX;
  const isAbove = side === 'above' ? fitsAbove || !fitsBelow : fitsAbove && !fitsBelow;
  const left = align === 'start' ? anchor.left : anchor.right - panel.width;
  const furthest = window.innerWidth - panel.width - EDGE_PX;
  return {
    position: 'fixed',
    top: Math.max(EDGE_PX, isAbove ? above : below),
    left: Math.max(EDGE_PX, Math.min(left, furthest)),
  };
}
