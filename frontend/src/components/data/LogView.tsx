import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './data.module.css';
import type { LogResult } from './toolResult';

const BAD_LINE = /\b(?:error|fatal|panic|exception|traceback|oomkilled)\b/i;
const ODD_LINE = /\bwarn(?:ing)?\b/i;

export function LogView({ logs }: { logs: LogResult }): ReactNode {
  const { t } = useTranslation();
  return (
    <div>
      <div className={styles['facts']}>
        {logs.source !== '' && <span className={styles['mono']}>{logs.source}</span>}
        <span>{t('tool.logLines', { count: logs.lines.length })}</span>
        {logs.isPrevious && <span data-tone="warning">{t('tool.logPrevious')}</span>}
        {logs.isTruncated && <span data-tone="warning">{t('tool.logTruncated')}</span>}
      </div>
      {logs.lines.length === 0 ? (
        <p className={styles['empty']}>{t('tool.emptyLog')}</p>
      ) : (
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolls by keyboard
        <div className={styles['log']} role="group" aria-label={t('tool.viewLogs')} tabIndex={0}>
          {logs.lines.map((line, index) => (
            <div key={index} data-tone={toneOfLine(line)}>
              {line === '' ? ' ' : line}
            </div>
          ))}
        </div>
      )}
      {logs.note !== null && <p className={styles['note']}>{logs.note}</p>}
    </div>
  );
}

function toneOfLine(line: string): string | undefined {
  if (BAD_LINE.test(line)) return 'danger';
  return ODD_LINE.test(line) ? 'warning' : undefined;
}
