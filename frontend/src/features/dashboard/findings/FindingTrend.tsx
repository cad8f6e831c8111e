import { useQuery } from '@tanstack/react-query';
import { useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding } from '@/api/types';
import { TrendChart } from '@/components/charts/TrendChart';
import { RequestError } from '@/components/RequestError';
import { trendQuery } from '../queries';
import { lastHours, TREND_GAP_SECONDS } from '../span';
import { nameCheck, RATIO_CHECKS } from './about';

/** Loaded with the first trend that is looked at. */
export default function FindingTrend({ finding }: { finding: Finding }): ReactNode {
  const { t, i18n } = useTranslation();
  const { target, check, subject } = finding;
  const { data: points, error, refetch, dataUpdatedAt } = useQuery(
    trendQuery({ target: target.id, check, subject }),
  );
  const name = [nameCheck(finding, i18n.language), subject].filter((part) => part !== '').join(' ');
  const series = useMemo(() => (points === undefined ? [] : [{ name, points }]), [name, points]);
  const span = useMemo(() => lastHours(24, dataUpdatedAt), [dataUpdatedAt]);
  if (points === undefined) {
    if (error === null) return <p>{t('app.loading')}</p>;
    return <RequestError title={t('dashboard.host.historyFailed')} error={error} onRetry={() => void refetch()} />;
  }
  return (
    <TrendChart
      series={series}
      label={t('dashboard.findings.trendLabel', {
        target: target.name,
        check: nameCheck(finding, i18n.language),
        subject,
      })}
      span={span}
      gapSeconds={TREND_GAP_SECONDS}
      isRatio={RATIO_CHECKS.has(check)}
    />
  );
}
