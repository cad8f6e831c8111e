import { CheckCircleFilled, CloseCircleFilled, QuestionCircleFilled, RightOutlined } from '@ant-design/icons';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { formatBytes, formatDuration } from '@/components/format';
import { CommandLine, Output, ReasonList } from './CommandParts';
import { hasSucceeded, type CommandResult, type HostRun } from './readCommand';
import styles from './results.module.css';

/** So few hosts are all shown open; of more, only those where something went wrong. */
const OPEN_HOSTS = 2;

/** One command, and what each host made of it. */
export function CommandView({ result }: { result: CommandResult }): ReactNode {
  const { t } = useTranslation();
  const { status, hosts, succeeded, failed } = result;
  return (
    <div className={styles['result']}>
      <CommandLine command={result.command} commandClass={result.commandClass} />
      {status !== 'done' && <NotRun status={status} />}
      {(status !== 'done' || result.commandClass !== 'readonly') && <ReasonList reasons={result.reasons} />}
      {hosts.length > 1 && (
        <p className={styles['pills']}>
          <span data-tone={succeeded > 0 ? 'ok' : undefined}>{t('result.hostsOk', { count: succeeded })}</span>
          {failed > 0 && <span data-tone="danger">{t('result.hostsFailed', { count: failed })}</span>}
        </p>
      )}
      {hosts.map((host) => (
        <HostDetails key={`${host.account}@${host.asset}`} host={host} isOpen={hosts.length <= OPEN_HOSTS || !hasSucceeded(host)} />
      ))}
    </div>
  );
}

const NOT_RUN = ['declined', 'needs_approval', 'blocked'] as const;

function NotRun({ status }: { status: string }): ReactNode {
  const { t } = useTranslation();
  const known = NOT_RUN.find((name) => name === status);
  return (
    <p className={styles['banner']} data-tone={known === 'blocked' ? 'danger' : 'warning'}>
      {known === undefined ? status : t(`result.notRun.${known}`)}
    </p>
  );
}

function HostDetails({ host, isOpen }: { host: HostRun; isOpen: boolean }): ReactNode {
  const { t } = useTranslation();
  const { stdout, stderr, note, replay } = host;
  const isSilent = stdout === '' && stderr === '' && note === null;
  return (
    <details className={styles['host']} open={isOpen}>
      <summary>
        <RightOutlined className={styles['chevron']} aria-hidden />
        <StateIcon host={host} />
        <b>{host.asset}</b>
        {host.account !== '' && <span>{host.account}</span>}
        <HostOutcome host={host} />
      </summary>
      {note !== null && <p className={styles['banner']} data-tone="warning">{note}</p>}
      {stdout !== '' && <Output label={t('result.stdout')} text={stdout} />}
      {stderr !== '' && <Output label={t('result.stderr')} text={stderr} tone="error" />}
      {isSilent && <p className={styles['faint']}>{t('result.noOutput')}</p>}
      {host.isTruncated && (
        <p className={styles['faint']}>{t('result.truncated', { size: formatBytes(host.bytes) })}</p>
      )}
      {replay !== null && <p className={styles['faint']}>{t('result.replay', { replay })}</p>}
    </details>
  );
}

function StateIcon({ host }: { host: HostRun }): ReactNode {
  if (hasSucceeded(host)) return <CheckCircleFilled aria-hidden data-tone="ok" />;
  if (host.state === 'unknown') return <QuestionCircleFilled aria-hidden data-tone="warning" />;
  return <CloseCircleFilled aria-hidden data-tone="danger" />;
}

function HostOutcome({ host }: { host: HostRun }): ReactNode {
  const { t } = useTranslation();
  const parts = [];
  if (host.state !== 'done') parts.push(t(`result.hostState.${host.state}`));
  if (host.exitCode !== null) parts.push(t('result.exitCode', { code: host.exitCode }));
  if (host.signal !== null) parts.push(t('result.signal', { signal: host.signal }));
  if (host.milliseconds > 0) parts.push(formatDuration(host.milliseconds));
  return (
    <span className={styles['hostOutcome']} data-tone={hasSucceeded(host) ? undefined : 'danger'}>
      {parts.join(' · ')}
    </span>
  );
}
