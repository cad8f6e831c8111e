import { useId, useState, type ReactNode } from 'react';
import { FloatingPanel } from './FloatingPanel';
import styles from './popup.module.css';

interface TipProps {
  text: string;
  children: ReactNode;
}

/** An explanation for pointer, touch and keyboard. */
export function Tip({ text, children }: TipProps): ReactNode {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const tipId = useId();
  const hide = (): void => {
    setAnchor(null);
  };
  return (
    // The explanation must be within reach of the keyboard.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <span
      className={styles['tipped']}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      aria-describedby={anchor === null ? undefined : tipId}
      onPointerEnter={({ currentTarget }) => {
        setAnchor(currentTarget);
      }}
      onPointerLeave={hide}
      onFocus={({ currentTarget }) => {
        setAnchor(currentTarget);
      }}
      onBlur={hide}
      onKeyDown={({ key }) => {
        if (key === 'Escape') hide();
      }}
    >
      {children}
      {anchor !== null && (
        <FloatingPanel anchor={anchor} side="above" align="start" onClose={hide}>
          <span id={tipId} role="tooltip" className={styles['tip']}>
            {text}
          </span>
        </FloatingPanel>
      )}
    </span>
  );
}
