import { MessageOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Drawer } from 'antd';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Finding, Host, HostFacts } from '@/api/types';
import { RequestFailed } from '@/api/problem';
import { formatDateTime } from '@/components/format';
import { RequestError } from '@/components/RequestError';
import { askPath } from '../findings/about';
import { hostQuery } from '../queries';
import { formatSpan, inLanguage } from '../units';
import styles from './drawer.module.css';
import { HostFactTables } from './HostFactTables';
import { HostTrends } from './HostTrends';

interface HostDrawerProps {
  hostId: string;
  /** The figure that was clicked on. */
  metric: string | null;
  /** The open findings of this host. */
  findings: readonly Finding[];
  nowMs: number;
  onClose: () => void;
  onFinding: (findingId: string) => void;
}

/** Everything that is known of one host. Loaded when it is first opened. */
export default function HostDrawer(props: HostDrawerProps): ReactNode {
  const { t } = useTranslation();
  const { hostId, onClose } = props;
  useFocusBack();
  const { data, error, refetch } = useQuery(hostQuery(hostId));
  const name = data?.host.name ?? hostId;
  return (
    <Drawer
      open
      onClose={onClose}
      size="min(760px, 100vw)"
      title={<h2 className={styles['title']}>{name}</h2>}
      closable={{ 'aria-label': t('dashboard.host.close') }}
      aria-label={t('dashboard.hosts.details', { name })}
      styles={{ body: { padding: 0 } }}
    >
      <div className={styles['body']}>
        {data === undefined && error !== null && <Failure error={error} onRetry={() => void refetch()} />}
        {data === undefined && error === null && <p className={styles['hint']}>{t('app.loading')}</p>}
        {data !== undefined && <Details host={data.host} facts={data.facts} {...props} />}
      </div>
    </Drawer>
  );
}

/** Whoever opened it by keyboard goes on from there when it is closed. */
function useFocusBack(): void {
  // Read while drawing for the first time: afterwards the drawer has the focus.
  const [opener] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      if (opener instanceof HTMLElement) opener.focus({ preventScroll: true });
    },
    [opener],
  );
}

function Failure({ error, onRetry }: { error: Error; onRetry: () => void }): ReactNode {
  const { t } = useTranslation();
  const isMissing = error instanceof RequestFailed && error.status === 404;
  return (
    <RequestError
      title={isMissing ? t('dashboard.host.notFound') : t('dashboard.host.loadFailed')}
      error={error}
      {...(isMissing ? {} : { onRetry })}
    />
  );
}

interface DetailsProps extends Omit<HostDrawerProps, 'hostId' | 'onClose'> {
  host: Host;
  facts: HostFacts | null;
}

function Details({ host, facts, metric, findings, nowMs, onFinding }: DetailsProps): ReactNode {
  const { t } = useTranslation();
  return (
    <>
      <Head host={host} facts={facts} nowMs={nowMs} />
      <Link className={styles['ask']} to={askPath(t('dashboard.host.askHealth', { name: host.name }))}>
        <MessageOutlined aria-hidden /> {t('dashboard.host.ask')}
      </Link>
      <Findings findings={findings} onFinding={onFinding} />
      <HostTrends host={host} metric={metric} />
      <Unknown parts={host.unknown} />
      {facts !== null && <HostFactTables facts={facts} />}
    </>
  );
}

function Head({ host, facts, nowMs }: { host: Host; facts: HostFacts | null; nowMs: number }): ReactNode {
  const { t, i18n } = useTranslation();
  return (
    <>
      {host.state !== 'read' && (
        <p className={styles['trouble']} data-tone={host.state}>
          {host.state === 'unreachable'
            ? t('dashboard.hosts.unreachable', { reason: host.reason })
            : t('dashboard.hosts.unknown', { reason: host.reason })}
        </p>
      )}
      <dl className={styles['facts']}>
        <Fact name={t('dashboard.host.system')} value={host.os} />
        <Fact name={t('dashboard.host.kernel')} value={facts?.kernel ?? ''} />
        <Fact
          name={t('dashboard.host.booted')}
          value={host.boot_at === null ? '' : formatDateTime(host.boot_at, i18n.language)}
        />
      </dl>
      <p className={styles['hint']}>
        {host.read_at === null
          ? t('dashboard.hosts.neverRead')
          : t('dashboard.host.seen', { span: formatSpan(nowMs - Date.parse(host.read_at), t) })}
      </p>
    </>
  );
}

function Fact({ name, value }: { name: string; value: string }): ReactNode {
  if (value === '') return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

interface FindingsProps {
  findings: readonly Finding[];
  onFinding: (findingId: string) => void;
}

function Findings({ findings, onFinding }: FindingsProps): ReactNode {
  const { t, i18n } = useTranslation();
  if (findings.length === 0) return null;
  return (
    <section>
      <h3>{t('dashboard.host.findings')}</h3>
      <ul className={styles['findings']}>
        {findings.map((finding) => (
          <li key={finding.id} data-severity={finding.severity}>
            <button
              type="button"
              onClick={() => {
                onFinding(finding.id);
              }}
            >
              {inLanguage(finding.title, i18n.language)}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Unknown({ parts }: { parts: Record<string, string> }): ReactNode {
  const { t } = useTranslation();
  const entries = Object.entries(parts);
  if (entries.length === 0) return null;
  return (
    <section>
      <h3>{t('dashboard.host.unknown')}</h3>
      <ul className={styles['unknown']}>
        {entries.map(([part, reason]) => (
          <li key={part}>
            <b>{part}</b> {reason}
          </li>
        ))}
      </ul>
    </section>
  );
}
