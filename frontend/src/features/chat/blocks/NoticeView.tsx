import { InfoCircleOutlined, SwapOutlined, WarningFilled } from '@ant-design/icons';
import type { ReactNode } from 'react';
import type { NoticeBlock } from '@/api/types';
import styles from './NoticeView.module.css';

/** Who answers has changed: read with other eyes than a remark. */
const TAKEOVERS = new Set(['model-taken-over', 'model-paused', 'budget-near', 'budget-spent']);
const WARNINGS = new Set(['answer-contradicted']);

export function NoticeView({ notice }: { notice: NoticeBlock }): ReactNode {
  return (
    <p className={styles['notice']} data-tone={toneOf(notice.code)}>
      {iconOf(notice.code)}
      <span>{notice.message}</span>
    </p>
  );
}

function toneOf(code: string): string | undefined {
  if (WARNINGS.has(code)) return 'danger';
  return TAKEOVERS.has(code) ? 'warning' : undefined;
}

function iconOf(code: string): ReactNode {
  if (WARNINGS.has(code)) return <WarningFilled aria-hidden />;
  return TAKEOVERS.has(code) ? <SwapOutlined aria-hidden /> : <InfoCircleOutlined aria-hidden />;
}
