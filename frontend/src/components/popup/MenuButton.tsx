import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { FloatingPanel } from './FloatingPanel';
import styles from './popup.module.css';

export interface MenuItem {
  key: string;
  icon: ReactNode;
  label: string;
  isDanger?: boolean;
  /** A file to download; otherwise `onSelect` tells what happens. */
  href?: string;
  onSelect?: () => void;
}

interface MenuButtonProps {
  label: string;
  className: string | undefined;
  items: MenuItem[];
  children: ReactNode;
}

export function MenuButton({ label, className, items, children }: MenuButtonProps): ReactNode {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setAnchor(null);
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        className={className}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={anchor !== null}
        onClick={({ currentTarget }) => {
          setAnchor(anchor === null ? currentTarget : null);
        }}
      >
        {children}
      </button>
      {anchor !== null && (
        <FloatingPanel anchor={anchor} side="below" align="end" onClose={close}>
          <Menu
            label={label}
            items={items}
            onClose={() => {
              close();
              button.current?.focus();
            }}
          />
        </FloatingPanel>
      )}
    </>
  );
}

interface MenuProps {
  label: string;
  items: MenuItem[];
  onClose: () => void;
}

function Menu({ label, items, onClose }: MenuProps): ReactNode {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    entriesOf(list.current)[0]?.focus({ preventScroll: true });
  }, []);

  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    if (event.key === 'Escape' || event.key === 'Tab') {
      event.preventDefault();
      event.stopPropagation();
      onClose();
      return;
    }
    const entries = entriesOf(list.current);
    const at = entries.indexOf(document.activeElement as HTMLElement);
    const next = nextIndex(event.key, at, entries.length);
    if (next === null) return;
    event.preventDefault();
    entries[next]?.focus();
  };

  return (
    <div ref={list} role="menu" tabIndex={-1} aria-label={label} className={styles['menu']} onKeyDown={onKeyDown}>
      {items.map((item) => (
        <MenuEntry key={item.key} item={item} onClose={onClose} />
      ))}
    </div>
  );
}

function MenuEntry({ item, onClose }: { item: MenuItem; onClose: () => void }): ReactNode {
  const content = (
    <>
      <span aria-hidden>{item.icon}</span>
      {item.label}
    </>
  );
  if (item.href !== undefined) {
    return (
      <a role="menuitem" tabIndex={-1} href={item.href} download onClick={onClose}>
        {content}
      </a>
    );
  }
  return (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      data-danger={item.isDanger}
      onClick={() => {
        onClose();
        item.onSelect?.();
      }}
    >
      {content}
    </button>
  );
}

function entriesOf(list: HTMLElement | null): HTMLElement[] {
  return [...(list?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
}

/** Where the focus goes in a list of `count` that a key moves in a circle; null for other keys. */
export function nextIndex(key: string, at: number, count: number): number | null {
  switch (key) {
    case 'ArrowDown':
      return (at + 1) % count;
    case 'ArrowUp':
      return (at + count - 1) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
