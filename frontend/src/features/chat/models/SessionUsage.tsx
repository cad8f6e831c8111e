import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Tip } from '@/components/popup/Tip';
import { sessionUsageQuery } from '../queries';
import { formatCost, formatCount } from './format';
import styles from './models.module.css';

/** What the session has used so far; nothing while that is nothing. */
export function SessionUsage({ sessionId }: { sessionId: string }): ReactNode {
  const { t, i18n } = useTranslation();
  const { data } = useQuery(sessionUsageQuery(sessionId));
  const tokens = data === undefined ? 0 : data.input_tokens + data.output_tokens;
  if (data === undefined || tokens === 0) return null;
  const number = new Intl.NumberFormat(i18n.language);
  const lines = data.items.map((entry) =>
    t('usage.line', {
      model: entry.model,
      calls: entry.calls,
      input: number.format(entry.input_tokens),
      output: number.format(entry.output_tokens),
    }),
  );
  const cost =
    data.cost > 0 ? t('usage.cost', { cost: formatCost(data.cost, i18n.language) }) : null;
  const whole = [t('usage.session'), ...lines, ...(cost === null ? [] : [cost])];
  return (
    <Tip text={whole.join('\n')}>
      <span className={styles['sessionUsage']}>
        {t('usage.tokens', { count: formatCount(tokens) as never })}
        {cost !== null && <span className={styles['cost']}> · {cost}</span>}
      </span>
    </Tip>
  );
}
