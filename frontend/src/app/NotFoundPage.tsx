import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import styles from './NotFoundPage.module.css';

export function NotFoundPage(): ReactNode {
  const { t } = useTranslation();
  return (
    <main className={styles['page']}>
      <h1>{t('app.pageNotFound')}</h1>
      <Link to="/">{t('app.backHome')}</Link>
    </main>
  );
}
