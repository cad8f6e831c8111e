import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { RequestError } from '@/components/RequestError';
import { findingQuery } from '../queries';
import { FindingItem } from './FindingItem';
import styles from './findings.module.css';

interface LinkedFindingProps {
  findingId: string;
  nowMs: number;
  onChoose: (findingId: string | null) => void;
}

/** The finding that a link or a line of the log leads to, where the list does not show it. */
export function LinkedFinding({ findingId, nowMs, onChoose }: LinkedFindingProps): ReactNode {
  const { t } = useTranslation();
  const { data, error } = useQuery(findingQuery(findingId));
  if (error !== null && data === undefined) {
    return (
      <RequestError
        title={t('dashboard.findings.detailFailed')}
        error={error}
        onDismiss={() => {
          onChoose(null);
        }}
      />
    );
  }
  if (data === undefined) return null;
  return (
    <ul className={styles['list']}>
      <FindingItem
        finding={data.finding}
        nowMs={nowMs}
        isOpen
        onToggle={() => {
          onChoose(null);
        }}
      />
    </ul>
  );
}
