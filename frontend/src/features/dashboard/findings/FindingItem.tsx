import {
  BellOutlined,
  CloseCircleFilled,
  InfoCircleFilled,
  QuestionCircleOutlined,
  RightOutlined,
  UserOutlined,
  WarningFilled,
} from '@ant-design/icons';
import { useEffect, useId, useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding, Severity } from '@/api/types';
import { formatDateTime } from '@/components/format';
import { formatSpan, inLanguage } from '../units';
import { isSilent } from './about';
import { FindingDetails } from './FindingDetails';
import styles from './findings.module.css';

const ICONS: Record<Severity, ReactNode> = {
  critical: <CloseCircleFilled aria-hidden />,
  warning: <WarningFilled aria-hidden />,
  info: <InfoCircleFilled aria-hidden />,
};

interface FindingItemProps {
  finding: Finding;
  nowMs: number;
  isOpen: boolean;
  onToggle: (isOpen: boolean) => void;
}

export function FindingItem({ finding, nowMs, isOpen, onToggle }: FindingItemProps): ReactNode {
  const { t, i18n } = useTranslation();
  const item = useRef<HTMLLIElement>(null);
  const bodyId = useId();
  const title = inLanguage(finding.title, i18n.language);

  useEffect(() => {
    if (isOpen) item.current?.scrollIntoView({ block: 'nearest' });
  }, [isOpen]);

  return (
    <li
      ref={item}
      className={styles['item']}
      data-severity={finding.severity}
      data-quiet={finding.state === 'closed' || isSilent(finding, nowMs) || undefined}
    >
      <button
        type="button"
        className={styles['head']}
        aria-expanded={isOpen}
        aria-controls={bodyId}
        onClick={() => {
          onToggle(!isOpen);
        }}
      >
        <span className={styles['icon']}>
          {ICONS[finding.severity]}
          <span className="visually-hidden">{t(`dashboard.findings.severity.${finding.severity}`)} </span>
        </span>
        <span className={styles['words']}>
          <span className={styles['title']}>{title}</span>
          <span className={styles['facts']}>
            <b>{finding.target.name}</b>
            <Age finding={finding} nowMs={nowMs} />
            <Marks finding={finding} nowMs={nowMs} />
          </span>
        </span>
        <RightOutlined className={styles['chevron']} aria-hidden />
      </button>
      {isOpen && (
        <div id={bodyId}>
          <FindingDetails finding={finding} nowMs={nowMs} />
        </div>
      )}
    </li>
  );
}

function Age({ finding, nowMs }: { finding: Finding; nowMs: number }): ReactNode {
  const { t } = useTranslation();
  if (finding.closed_at !== null) {
    const span = formatSpan(nowMs - Date.parse(finding.closed_at), t);
    const isByPatrol = finding.closed_by === null || finding.closed_by === 'patrol';
    return (
      <span>
        {t('dashboard.findings.gone', { span })}
        {!isByPatrol && ` · ${t('dashboard.findings.closedBy', { who: finding.closed_by })}`}
      </span>
    );
  }
  const since = Date.parse(finding.opened_at ?? finding.first_seen_at);
  return <span>{t('dashboard.findings.since', { span: formatSpan(nowMs - since, t) })}</span>;
}

/** Who is at work on it, who wants to hear nothing of it, and whether it can still be seen at all. */
function Marks({ finding, nowMs }: { finding: Finding; nowMs: number }): ReactNode {
  const { t, i18n } = useTranslation();
  const { acknowledged, silence, unknown_since: unknownSince } = finding;
  return (
    <>
      {unknownSince !== null && (
        <span className={styles['mark']} data-tone="unknown">
          <QuestionCircleOutlined aria-hidden />{' '}
          {t('dashboard.findings.unknownSince', { span: formatSpan(nowMs - Date.parse(unknownSince), t) })}
        </span>
      )}
      {acknowledged !== null && (
        <span className={styles['mark']} data-tone="accent">
          <UserOutlined aria-hidden /> {t('dashboard.findings.acknowledgedBy', { who: acknowledged.by })}
        </span>
      )}
      {silence !== null && isSilent(finding, nowMs) && (
        <span className={styles['mark']}>
          <BellOutlined aria-hidden />{' '}
          {t('dashboard.findings.silencedUntil', { time: formatDateTime(silence.until, i18n.language) })}
        </span>
      )}
    </>
  );
}
