import type { ReactNode } from 'react';
import { formatPercent } from '@/components/format';
import styles from './board.module.css';
import type { MeterTone } from './hosts/judgeHost';

interface MeterProps {
  /** What is measured, of what: read aloud before the value. */
  label: string;
  /** Share of 0 to 1; null when it is not known, which is drawn unlike any value. */
  ratio: number | null;
  tone: MeterTone;
  notKnown: string;
}

/** A bar that shows a share. */
export function Meter({ label, ratio, tone, notKnown }: MeterProps): ReactNode {
  if (ratio === null) {
    return <div className={styles['meter']} data-unknown role="img" aria-label={`${label}: ${notKnown}`} />;
  }
  const percent = Math.min(100, Math.max(0, ratio * 100));
  return (
    <div
      className={styles['meter']}
      data-tone={tone}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(percent)}
      aria-valuetext={formatPercent(ratio)}
    >
      <div style={{ width: `${String(percent)}%` }} />
    </div>
  );
}
