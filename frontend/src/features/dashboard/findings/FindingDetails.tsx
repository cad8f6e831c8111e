import { MessageOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Finding, FindingEvent } from '@/api/types';
import { CopyButton } from '@/components/CopyButton';
import { formatDateTime } from '@/components/format';
import { RequestError } from '@/components/RequestError';
import { RiskTag } from '@/components/RiskTag';
import { findingQuery } from '../queries';
import { inLanguage } from '../units';
import { askPath, hasTrend, isSilent, questionAbout } from './about';
import { FindingActions } from './FindingActions';
import styles from './findings.module.css';

const FindingTrend = lazy(() => import('./FindingTrend'));

export function FindingDetails({ finding, nowMs }: { finding: Finding; nowMs: number }): ReactNode {
  const { t, i18n } = useTranslation();
  return (
    <div className={styles['details']}>
      <Notes finding={finding} nowMs={nowMs} />
      <div>
        <h3>{t('dashboard.findings.cause')}</h3>
        <p>{inLanguage(finding.cause, i18n.language)}</p>
      </div>
      {finding.explanation !== null && (
        <div className={styles['explanation']}>
          <h3 title={t('dashboard.findings.explanationHint')}>
            {t('dashboard.findings.explanation', { model: finding.explanation.model })}
          </h3>
          <p>{finding.explanation.text}</p>
          <p className={styles['hint']}>{t('dashboard.findings.explanationHint')}</p>
        </div>
      )}
      <Fixes finding={finding} />
      {hasTrend(finding) && (
        <div>
          <h3>{t('dashboard.findings.trend')}</h3>
          <Suspense fallback={<p className={styles['hint']}>{t('app.loading')}</p>}>
            <FindingTrend finding={finding} />
          </Suspense>
        </div>
      )}
      <Evidence lines={finding.evidence} />
      <History findingId={finding.id} />
      <div className={styles['actions']}>
        <Link className={styles['ask']} to={askPath(questionAbout(finding, t, i18n.language))}>
          <MessageOutlined aria-hidden /> {t('dashboard.findings.ask')}
        </Link>
        <FindingActions finding={finding} isSilent={isSilent(finding, nowMs)} />
      </div>
    </div>
  );
}

/** Who acknowledged and silenced it, with their words. */
function Notes({ finding, nowMs }: { finding: Finding; nowMs: number }): ReactNode {
  const { t, i18n } = useTranslation();
  const { acknowledged, silence } = finding;
  const time = (at: string): string => formatDateTime(at, i18n.language);
  return (
    <>
      {acknowledged !== null && (
        <p className={styles['note']}>
          {t('dashboard.action.acknowledgedNote', { who: acknowledged.by, time: time(acknowledged.at) })}
          {acknowledged.note !== '' && <q>{acknowledged.note}</q>}
        </p>
      )}
      {silence !== null && isSilent(finding, nowMs) && (
        <p className={styles['note']}>
          {t('dashboard.action.silencedNote', { who: silence.by, time: time(silence.until) })}
          {silence.reason !== '' && <q>{silence.reason}</q>}
        </p>
      )}
    </>
  );
}

function Fixes({ finding }: { finding: Finding }): ReactNode {
  const { t, i18n } = useTranslation();
  if (finding.fixes.length === 0) return null;
  return (
    <div>
      <h3>{t('dashboard.findings.fixes')}</h3>
      <ol className={styles['fixes']}>
        {finding.fixes.map((fix, index) => (
          <li key={index}>
            {inLanguage(fix.text, i18n.language)}
            {fix.command !== '' && (
              <div className={styles['command']}>
                <RiskTag risk={fix.is_change ? 'change' : 'read'} />
                <code>{fix.command}</code>
                <CopyButton text={fix.command} />
              </div>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}

function Evidence({ lines }: { lines: readonly string[] }): ReactNode {
  const { t } = useTranslation();
  if (lines.length === 0) return null;
  return (
    <details className={styles['fold']}>
      <summary>{t('dashboard.findings.evidence')}</summary>
      <ul className={styles['evidence']}>
        {lines.map((line, index) => (
          <li key={index}>{line}</li>
        ))}
      </ul>
    </details>
  );
}

function History({ findingId }: { findingId: string }): ReactNode {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(findingQuery(findingId));
  if (error !== null && data === undefined) {
    return (
      <RequestError title={t('dashboard.findings.detailFailed')} error={error} onRetry={() => void refetch()} />
    );
  }
  if (data === undefined || data.history.length === 0) return null;
  return (
    <details className={styles['fold']}>
      <summary>{t('dashboard.findings.history')}</summary>
      <ol className={styles['history']}>
        {data.history.map((event, index) => (
          <HistoryLine key={index} event={event} />
        ))}
      </ol>
    </details>
  );
}

function HistoryLine({ event }: { event: FindingEvent }): ReactNode {
  const { t, i18n } = useTranslation();
  const what = t(`dashboard.findings.event.${event.kind}`);
  const isByPatrol = event.actor === 'patrol';
  return (
    <li>
      <time dateTime={event.at}>{formatDateTime(event.at, i18n.language)}</time>
      <span>{isByPatrol ? what : t('dashboard.findings.eventBy', { what, who: event.actor })}</span>
      {event.detail !== '' && <span className={styles['hint']}>{event.detail}</span>}
    </li>
  );
}
