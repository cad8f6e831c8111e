import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './ArgumentList.module.css';

interface ArgumentListProps {
  values: Record<string, unknown> | null;
  /** As the model wrote it: shown when it is no JSON object. */
  text: string;
}

export function ArgumentList({ values, text }: ArgumentListProps): ReactNode {
  const { t } = useTranslation();
  if (values === null) {
    return text === '' ? null : <pre className={styles['raw']}>{text}</pre>;
  }
  const entries = Object.entries(values);
  if (entries.length === 0) return <p className={styles['none']}>{t('tool.noArguments')}</p>;
  return (
    <dl className={styles['list']} aria-label={t('tool.arguments')}>
      {entries.map(([key, value]) => (
        <div key={key}>
          <dt>{key}</dt>
          <dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
