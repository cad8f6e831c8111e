import { RadarChartOutlined, StopOutlined } from '@ant-design/icons';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { PatrolRun, PatrolStatus } from '@/api/types';
import { cancelPatrol, startPatrol } from '@/api/watching';
import { useRefusal } from '@/components/access/useRefusal';
import { formatTime } from '@/components/format';
import { RequestError } from '@/components/RequestError';
import styles from '../board.module.css';
import { patrolQuery } from '../queries';
import { formatSpan } from '../units';

/** How patrol stands, and the way to have everything looked at now. */
export function PatrolTile({ status, nowMs }: { status: PatrolStatus; nowMs: number }): ReactNode {
  const { t } = useTranslation();
  const { running } = status;
  return (
    <div className={styles['tile']} data-running={running !== null || undefined}>
      <h2 className={styles['tileTitle']}>{t('dashboard.patrol.title')}</h2>
      {running === null ? (
        <StartPatrol status={status} nowMs={nowMs} />
      ) : (
        <RunningPatrol run={running} />
      )}
    </div>
  );
}

function StartPatrol({ status, nowMs }: { status: PatrolStatus; nowMs: number }): ReactNode {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const refusal = useRefusal('ask');
  const starting = useMutation({
    mutationFn: startPatrol,
    onSuccess: (run) => {
      const { queryKey } = patrolQuery();
      queryClient.setQueryData(queryKey, (known) => (known === undefined ? known : { ...known, running: run }));
      void queryClient.invalidateQueries({ queryKey });
    },
  });
  return (
    <>
      <div className={styles['tileRow']}>
        <Button
          type="primary"
          icon={<RadarChartOutlined aria-hidden />}
          loading={starting.isPending}
          disabled={refusal !== null}
          title={refusal ?? undefined}
          onClick={() => {
            starting.mutate();
          }}
        >
          {starting.isPending ? t('dashboard.patrol.starting') : t('dashboard.patrol.start')}
        </Button>
        {refusal !== null && <span className={styles['faint']}>{refusal}</span>}
      </div>
      <p className={styles['faint']}>
        <LastPatrol run={status.last} /> · <NextPatrol status={status} nowMs={nowMs} />
      </p>
      {status.last?.problem != null && (
        <p className={styles['trouble']}>{t('dashboard.patrol.problem', { problem: status.last.problem })}</p>
      )}
      {starting.error !== null && (
        <RequestError title={t('dashboard.patrol.startFailed')} error={starting.error} onDismiss={starting.reset} />
      )}
    </>
  );
}

function LastPatrol({ run }: { run: PatrolRun | null }): ReactNode {
  const { t, i18n } = useTranslation();
  if (run === null) return t('dashboard.patrol.never');
  const parts = [
    t('dashboard.patrol.last', {
      time: formatTime(run.finished_at ?? run.started_at, i18n.language),
      looked: run.looked,
      targets: run.targets,
    }),
  ];
  if (run.state !== 'finished') parts.push(t(`dashboard.patrol.state.${run.state}`));
  if (run.unreachable > 0) parts.push(t('dashboard.patrol.silentTargets', { count: run.unreachable }));
  if (run.unknown > 0) parts.push(t('dashboard.patrol.unknownTargets', { count: run.unknown }));
  return parts.join(' · ');
}

function NextPatrol({ status, nowMs }: { status: PatrolStatus; nowMs: number }): ReactNode {
  const { t } = useTranslation();
  if (!status.is_enabled || status.next_at === null) return t('dashboard.patrol.off');
  const leftMs = Date.parse(status.next_at) - nowMs;
  if (leftMs < 5000) return t('dashboard.patrol.nextNow');
  return t('dashboard.patrol.next', { span: formatSpan(leftMs, t) });
}

function RunningPatrol({ run }: { run: PatrolRun }): ReactNode {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const refusal = useRefusal('ask');
  const cancelling = useMutation({
    mutationFn: () => cancelPatrol(run.id),
    onSettled: () => queryClient.invalidateQueries({ queryKey: patrolQuery().queryKey }),
  });
  const isStopping = run.is_cancel_requested || cancelling.isPending;
  return (
    <>
      <div className={styles['tileRow']}>
        <Progress run={run} />
        <Button
          size="small"
          icon={<StopOutlined aria-hidden />}
          disabled={isStopping || refusal !== null}
          title={refusal ?? undefined}
          onClick={() => {
            cancelling.mutate();
          }}
        >
          {isStopping ? t('dashboard.patrol.cancelling') : t('dashboard.patrol.cancel')}
        </Button>
      </div>
      <p className={styles['faint']}>
        {t(`dashboard.patrol.phase.${run.phase}`)}
        {run.targets > 0 && ` · ${t('dashboard.patrol.looked', { looked: run.looked, targets: run.targets })}`}
        {run.trigger !== 'schedule' && ` · ${t('dashboard.patrol.by', { who: run.started_by })}`}
      </p>
      {cancelling.error !== null && (
        <RequestError
          title={t('dashboard.patrol.cancelFailed')}
          error={cancelling.error}
          onDismiss={cancelling.reset}
        />
      )}
    </>
  );
}

function Progress({ run }: { run: PatrolRun }): ReactNode {
  const { t } = useTranslation();
  // While the targets are being listed nobody knows how far it is.
  const isKnown = run.targets > 0;
  const percent = isKnown ? Math.round((100 * run.looked) / run.targets) : 0;
  return (
    <div
      className={styles['progress']}
      role="progressbar"
      aria-label={t('dashboard.patrol.progress')}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(isKnown ? { 'aria-valuenow': percent } : {})}
      data-waiting={!isKnown || undefined}
    >
      <div style={isKnown ? { width: `${String(percent)}%` } : {}} />
    </div>
  );
}
