import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RiskLevel } from '@/api/types';
import styles from './badges.module.css';

const TONES: Record<RiskLevel, string> = {
  read: 'neutral',
  change: 'warning',
  destructive: 'danger',
};

export function RiskTag({ risk }: { risk: RiskLevel }): ReactNode {
  const { t } = useTranslation();
  return (
    <span className={styles['badge']} data-tone={TONES[risk]}>
      {t(`tool.risk.${risk}`)}
    </span>
  );
}
