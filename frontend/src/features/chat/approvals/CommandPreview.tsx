import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import badges from '@/components/badges.module.css';
import { CommandLine, ReasonList } from '../results/CommandParts';
import type { CommandQuestion } from '../results/readCommand';
import results from '../results/results.module.css';
import styles from './ChangePreview.module.css';

interface CommandPreviewProps {
  asked: CommandQuestion;
  fullText: string;
}

/** The exact command, where it would run, and why a person is asked. */
export function CommandPreview({ asked, fullText }: CommandPreviewProps): ReactNode {
  const { t } = useTranslation();
  const { hosts, reasons, why, approvedBefore, timeoutSeconds } = asked;
  return (
    <section className={`${styles['preview'] ?? ''} ${results['result'] ?? ''}`} aria-label={t('approval.preview')}>
      <CommandLine command={asked.command} commandClass={null} />
      <div>
        <b>{t('approval.command.hosts')}</b>{' '}
        {asked.isAsRoot && <span className={badges['badge']} data-tone="danger">{t('approval.command.asRoot')}</span>}{' '}
        {timeoutSeconds !== null && (
          <span className={results['faint']}>{t('approval.command.timeout', { seconds: timeoutSeconds })}</span>
        )}
        <ul className={styles['hosts']}>
          {hosts.map((host) => (
            <li key={`${host.account}@${host.id}`}>
              <b>{host.id}</b>
              {host.tier !== '' && (
                <span className={badges['badge']} data-tone={host.tier === 'prod' ? 'danger' : undefined}>
                  {host.tier}
                </span>
              )}
              <code>
                {host.account}
                {host.address !== '' && `@${host.address}`}
              </code>
            </li>
          ))}
        </ul>
      </div>
      {reasons.length > 0 && (
        <div className={styles['warnings']}>
          <b>{t('approval.command.reasons')}</b>
          <ReasonList reasons={reasons} />
        </div>
      )}
      {why !== null && (
        <p className={styles['plain']}>
          <b>{t('approval.command.why')}</b> {why}
        </p>
      )}
      {approvedBefore > 0 && <p className={styles['plain']}>{t('approval.command.before', { count: approvedBefore })}</p>}
      <details className={styles['fullText']}>
        <summary>{t('approval.command.fullText')}</summary>
        <pre>{fullText}</pre>
      </details>
    </section>
  );
}
