import { useId, type ReactNode } from 'react';
import styles from './board.module.css';

interface PanelProps {
  title: string;
  /** Beside the title. */
  tools?: ReactNode;
  children: ReactNode;
}

/** One framed part of the board. */
export function Panel({ title, tools, children }: PanelProps): ReactNode {
  const titleId = useId();
  return (
    <section className={styles['panel']} aria-labelledby={titleId}>
      <div className={styles['panelHead']}>
        <h2 id={titleId}>{title}</h2>
        {tools}
      </div>
      {children}
    </section>
  );
}

/** What stands in a panel that has nothing to show. */
export function Nothing({ title, text }: { title: string; text?: string }): ReactNode {
  return (
    <div className={styles['nothing']}>
      <b>{title}</b>
      {text !== undefined && <p>{text}</p>}
    </div>
  );
}
