import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Output, ReasonList } from './CommandParts';
import type { SessionResult } from './readCommand';
import styles from './results.module.css';

const STATES = ['idle', 'running', 'closed', 'declined', 'needs_approval', 'blocked'] as const;
const TONES: Record<string, string> = { running: 'accent', blocked: 'danger', declined: 'warning', needs_approval: 'warning' };

/** What a terminal that stays open on a host has shown since the last look. */
export function SessionView({ result }: { result: SessionResult }): ReactNode {
  const { t } = useTranslation();
  const { status, exitCode } = result;
  const known = STATES.find((state) => state === status);
  return (
    <div className={styles['result']}>
      <p className={styles['pills']}>
        <span data-tone={TONES[status]}>{known === undefined ? status : t(`result.sessionState.${known}`)}</span>
        {result.asset !== null && <span>{result.asset}</span>}
        {result.session !== null && <span>{t('result.session', { id: result.session })}</span>}
        {exitCode !== null && (
          <span data-tone={exitCode === 0 ? 'ok' : 'danger'}>{t('result.exitCode', { code: exitCode })}</span>
        )}
        {result.directory !== null && <code>{result.directory}</code>}
      </p>
      <ReasonList reasons={result.reasons} />
      {result.output === '' ? (
        <p className={styles['faint']}>{result.message ?? t('result.noOutput')}</p>
      ) : (
        <Output label={t('result.terminal')} text={result.output} />
      )}
      {result.output !== '' && result.message !== null && <p className={styles['faint']}>{result.message}</p>}
      {result.isTruncated && <p className={styles['faint']}>{t('result.cut')}</p>}
    </div>
  );
}
