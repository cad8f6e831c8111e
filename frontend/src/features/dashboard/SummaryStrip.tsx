import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { PatrolStatus } from '@/api/types';
import styles from './board.module.css';
import { CONDITIONS, countConditions, type Condition, type JudgedHost } from './hosts/judgeHost';
import { PatrolTile } from './patrol/PatrolTile';

interface SummaryStripProps {
  status: PatrolStatus | undefined;
  judged: readonly JudgedHost[];
  nowMs: number;
  onFilter: (condition: Condition) => void;
}

/** The whole in one look. */
export function SummaryStrip({ status, judged, nowMs, onFilter }: SummaryStripProps): ReactNode {
  const { t } = useTranslation();
  return (
    <section className={styles['strip']} aria-label={t('dashboard.summary')}>
      {status !== undefined && <PatrolTile status={status} nowMs={nowMs} />}
      {status !== undefined && <FindingsTile status={status} />}
      {judged.length > 0 && <HostsTile judged={judged} onFilter={onFilter} />}
    </section>
  );
}

function FindingsTile({ status: { open, last } }: { status: PatrolStatus }): ReactNode {
  const { t } = useTranslation();
  const isKnown = last !== null || open.critical + open.warning > 0;
  return (
    <div className={styles['tile']}>
      <h2 className={styles['tileTitle']}>{t('dashboard.findings.openCount')}</h2>
      <dl className={styles['numbers']}>
        <div data-tone={open.critical > 0 ? 'critical' : undefined}>
          <dd>{isKnown ? open.critical : '–'}</dd>
          <dt>{t('dashboard.findings.severity.critical')}</dt>
        </div>
        <div data-tone={open.warning > 0 ? 'warning' : undefined}>
          <dd>{isKnown ? open.warning : '–'}</dd>
          <dt>{t('dashboard.findings.severity.warning')}</dt>
        </div>
      </dl>
    </div>
  );
}

interface HostsTileProps {
  judged: readonly JudgedHost[];
  onFilter: (condition: Condition) => void;
}

function HostsTile({ judged, onFilter }: HostsTileProps): ReactNode {
  const { t } = useTranslation();
  const counts = countConditions(judged);
  const present = CONDITIONS.filter((condition) => counts[condition] > 0);
  return (
    <div className={styles['tile']}>
      <h2 className={styles['tileTitle']}>{t('dashboard.hosts.title')}</h2>
      <div className={styles['hostBar']} aria-hidden>
        {present.map((condition) => (
          <div key={condition} data-condition={condition} style={{ flexGrow: counts[condition] }} />
        ))}
      </div>
      <ul className={styles['hostCounts']}>
        {present.map((condition) => (
          <li key={condition}>
            <button
              type="button"
              data-condition={condition}
              onClick={() => {
                onFilter(condition);
              }}
            >
              <b>{counts[condition]}</b> {t(`dashboard.hosts.condition.${condition}`)}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
