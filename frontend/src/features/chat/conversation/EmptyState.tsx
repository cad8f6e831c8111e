import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { BrandMark } from '@/components/layout/BrandMark';
import styles from './EmptyState.module.css';

/** `onAsk` is null for a reader who may not ask. */
export function EmptyState({ onAsk }: { onAsk: ((question: string) => void) | null }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className={styles['empty']}>
      <BrandMark size={48} />
      <h1>{t('empty.title')}</h1>
      <p>{t('empty.text')}</p>
      <ul aria-label={t('empty.suggestions')}>
        {t('empty.items', { returnObjects: true }).map((question) => (
          <li key={question}>
            <button
              type="button"
              disabled={onAsk === null}
              onClick={() => {
                onAsk?.(question);
              }}
            >
              {question}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
