import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Message, Statement } from '@/api/types';
import styles from './grounding.module.css';

const SHOWN = [
  ['cited', 'grounding.citedCount'],
  ['unverified', 'grounding.unverifiedCount'],
  ['contradicted', 'grounding.contradictedCount'],
] as const satisfies [Statement['status'], string][];

/** How much of an answer was found in the results; says what the marks in the text mean. */
export function GroundingSummary({ message }: { message: Message }): ReactNode {
  const { t } = useTranslation();
  const statements = message.blocks.flatMap((block) =>
    block.type === 'text' ? (block.statements ?? []) : [],
  );
  if (statements.length === 0) return null;
  return (
    <span className={styles['summary']} role="group" aria-label={t('grounding.summary')}>
      {SHOWN.map(([status, key]) => {
        const count = statements.filter((statement) => statement.status === status).length;
        return count === 0 ? null : (
          <span key={status} data-status={status}>
            {t(key, { count })}
          </span>
        );
      })}
    </span>
  );
}
