import { WarningFilled } from '@ant-design/icons';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Health } from '@/api/types';
import styles from './HealthBanner.module.css';

interface HealthBannerProps {
  health: Health | undefined;
  isUnreachable: boolean;
}

/** Nothing while all is well; otherwise which part is not, in one line. */
export function HealthBanner({ health, isUnreachable }: HealthBannerProps): ReactNode {
  const { t } = useTranslation();
  if (isUnreachable) return <Banner tone="danger" title={t('health.unreachable')} />;
  if (health === undefined || health.status === 'ok') return null;
  const troubled = health.parts.filter((part) => part.status !== 'ok');
  const isDown = health.status === 'unavailable';
  return (
    <Banner
      tone={isDown ? 'danger' : 'warning'}
      title={isDown ? t('health.unavailable') : t('health.degraded')}
      details={troubled.map((part) =>
        t('health.part', { name: part.name, detail: part.detail ?? part.status }),
      )}
    />
  );
}

interface BannerProps {
  tone: 'danger' | 'warning';
  title: string;
  details?: string[];
}

function Banner({ tone, title, details = [] }: BannerProps): ReactNode {
  return (
    <div role="status" className={styles['banner']} data-tone={tone}>
      <WarningFilled aria-hidden />
      <div>
        <b>{title}</b>
        {details.map((line) => (
          <span key={line}> {line}</span>
        ))}
      </div>
    </div>
  );
}
