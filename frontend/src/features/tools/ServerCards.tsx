import { ReloadOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { reconnectServer } from '@/api/operations';
import type { Server } from '@/api/types';
import { useRefusal } from '@/components/access/useRefusal';
import { formatDuration } from '@/components/format';
import { RequestError } from '@/components/RequestError';
import { serversQuery } from './queries';
import styles from './tools.module.css';

const TONES: Record<Server['state'], string> = {
  connecting: 'warning',
  connected: 'ok',
  failed: 'danger',
  disabled: 'neutral',
  invalid: 'danger',
};

export function ServerCards(): ReactNode {
  const { t } = useTranslation();
  const { data: servers, error, refetch } = useQuery(serversQuery());
  if (servers === undefined) {
    if (error === null) return <p className={styles['hint']}>{t('app.loading')}</p>;
    return (
      <RequestError title={t('tools.serversFailed')} error={error} onRetry={() => void refetch()} />
    );
  }
  if (servers.length === 0) return <p className={styles['hint']}>{t('tools.noServers')}</p>;
  return (
    <ul className={styles['servers']}>
      {servers.map((server) => (
        <ServerCard key={server.name} server={server} />
      ))}
    </ul>
  );
}

function ServerCard({ server }: { server: Server }): ReactNode {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const refusal = useRefusal('administer');
  const reconnecting = useMutation({
    mutationFn: reconnectServer,
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['servers'] }),
  });
  return (
    <li className={styles['server']}>
      <div className={styles['serverHead']}>
        <h3>{server.name}</h3>
        <StateTag state={server.state} />
        <Button
          size="small"
          type="text"
          icon={<ReloadOutlined aria-hidden />}
          aria-label={t('tools.reconnectOne', { name: server.name })}
          title={refusal ?? t('tools.reconnect')}
          disabled={refusal !== null}
          loading={reconnecting.isPending}
          onClick={() => {
            reconnecting.mutate(server.name);
          }}
        />
      </div>
      <p className={styles['facts']}>
        <span>{server.trusted ? t('tools.trusted') : t('tools.foreign')}</span>
        {server.transport !== null && <span>{server.transport}</span>}
        <span>{t('tools.toolCount', { count: server.tools })}</span>
        <Statistics calls={server.calls} errors={server.errors} latency={server.latency_ms} />
        {server.calls_draining > 0 && (
          <span>{t('tools.draining', { count: server.calls_draining })}</span>
        )}
      </p>
      {server.error !== null && <p className={styles['trouble']}>{server.error}</p>}
      <Replicas server={server} />
      {reconnecting.error !== null && (
        <RequestError
          title={t('tools.reconnectFailed', { name: server.name })}
          error={reconnecting.error}
          onDismiss={reconnecting.reset}
        />
      )}
    </li>
  );
}

function Replicas({ server }: { server: Server }): ReactNode {
  const { t } = useTranslation();
  if (server.replicas.length === 0) return null;
  return (
    <ul className={styles['replicas']} aria-label={t('tools.replicas')}>
      {server.replicas.map((replica, index) => (
        <li key={index}>
          <code title={replica.address}>{replica.address}</code>
          <span className={styles['facts']}>
            {server.replicas.length > 1 && <StateTag state={replica.state} />}
            {replica.calls_under_way > 0 && (
              <span>{t('tools.underWay', { count: replica.calls_under_way })}</span>
            )}
            {replica.times_connected > 1 && (
              <span>{t('tools.connectedTimes', { count: replica.times_connected })}</span>
            )}
          </span>
          {replica.error !== null && replica.error !== server.error && (
            <p className={styles['trouble']}>{replica.error}</p>
          )}
        </li>
      ))}
    </ul>
  );
}

function StateTag({ state }: { state: Server['state'] }): ReactNode {
  const { t } = useTranslation();
  return (
    <span className={styles['state']} data-tone={TONES[state]}>
      {t(`tools.state.${state}`)}
    </span>
  );
}

function Statistics(props: {
  calls: number;
  errors: number;
  latency: Server['latency_ms'];
}): ReactNode {
  const { t } = useTranslation();
  const { calls, errors, latency } = props;
  if (calls === 0) return null;
  return (
    <>
      <span>
        {t('tools.calls')} {calls}
      </span>
      {errors > 0 && (
        <span data-tone="danger">
          {t('tools.errors')} {errors}
        </span>
      )}
      {latency !== null && (
        <span title={t('tools.latency')}>
          {formatDuration(latency.p50)} / {formatDuration(latency.p99)}
        </span>
      )}
    </>
  );
}
