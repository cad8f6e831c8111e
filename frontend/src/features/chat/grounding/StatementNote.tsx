import { WarningFilled } from '@ant-design/icons';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Statement } from '@/api/types';
import { Tip } from '@/components/popup/Tip';
import { useCitations } from './CitationContext';
import styles from './grounding.module.css';

/** What stands behind a statement: its sources, a doubt, or what the results say instead. */
export function StatementNote({ statement }: { statement: Statement }): ReactNode {
  const sources = <Sources callIds={statement.tool_call_ids} />;
  switch (statement.status) {
    case 'cited':
      return sources;
    case 'unverified':
      return (
        <>
          <Doubt />
          {sources}
        </>
      );
    case 'contradicted':
      return <Contradiction statement={statement}>{sources}</Contradiction>;
  }
}

function Doubt(): ReactNode {
  const { t } = useTranslation();
  const text = t('grounding.unverified');
  return (
    <sup className={styles['doubt']}>
      <Tip text={text}>
        <span aria-hidden>?</span>
        <span className="visually-hidden">（{text}）</span>
      </Tip>
    </sup>
  );
}

function Contradiction({ statement, children }: { statement: Statement; children: ReactNode }): ReactNode {
  const { t, i18n } = useTranslation();
  const { detail } = statement;
  const says = i18n.language === 'en' ? detail?.en : detail?.zh;
  return (
    <span role="note" className={styles['contradiction']}>
      <WarningFilled aria-hidden /> <b>{t('grounding.contradicted')}</b>
      {says !== undefined && <> {says}</>}
      {children}
    </span>
  );
}

function Sources({ callIds }: { callIds: readonly string[] }): ReactNode {
  const citations = useCitations();
  if (citations === null) return null;
  const known = callIds.map((id) => ({ id, number: citations.numberOf(id) }));
  known.sort((a, b) => (a.number ?? 0) - (b.number ?? 0));
  return (
    <span className={styles['sources']}>
      {known.map(({ id, number }) => (
        <Source key={id} callId={id} number={number} />
      ))}
    </span>
  );
}

function Source({ callId, number }: { callId: string; number: number | null }): ReactNode {
  const { t } = useTranslation();
  const citations = useCitations();
  const tool = citations?.nameOf(callId) ?? null;
  if (tool === null) {
    return (
      <sup className={styles['source']} title={t('grounding.citeUnknown')}>
        <span aria-hidden>↑</span>
        <span className="visually-hidden">（{t('grounding.citeUnknown')}）</span>
      </sup>
    );
  }
  const label =
    number === null ? t('grounding.citeEarlier', { tool }) : t('grounding.cite', { number, tool });
  return (
    <sup className={styles['source']}>
      <button
        type="button"
        aria-label={label}
        title={label}
        onClick={() => {
          citations?.reveal(callId);
        }}
      >
        {number ?? '↑'}
      </button>
    </sup>
  );
}
