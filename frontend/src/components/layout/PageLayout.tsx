import { MessageOutlined } from '@ant-design/icons';
import { useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'react-router';
import { AppLayout } from './AppLayout';
import styles from './AppLayout.module.css';

interface PageLayoutProps {
  title: string;
  /** Beside the title. */
  actions?: ReactNode;
  /** Takes the whole width instead of a column that is good to read. */
  isWide?: boolean;
  children: ReactNode;
}

/** The frame of the pages beside the chat. */
export function PageLayout({ title, actions, isWide = false, children }: PageLayoutProps): ReactNode {
  const { t } = useTranslation();
  const { key } = useLocation();
  useEffect(() => {
    document.title = `${title} · ${t('app.name')}`;
  }, [title, t]);
  return (
    <AppLayout
      location={key}
      sidebarLabel={t('nav.title')}
      skipTo={{ href: '#content', text: t('app.skipToContent') }}
      isWide={isWide}
      sidebar={<ToChat />}
      header={
        <>
          <h1 className={styles['pageTitle']}>{title}</h1>
          {actions}
          {isWide && <ToChat />}
        </>
      }
    >
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolls by keyboard */}
      <div id="content" className={styles['page']} tabIndex={0} role="region" aria-label={title}>
        <div className={styles[isWide ? 'pageWide' : 'pageColumn']}>{children}</div>
      </div>
    </AppLayout>
  );
}

function ToChat(): ReactNode {
  const { t } = useTranslation();
  return (
    <Link to="/" className={styles['toChat']}>
      <MessageOutlined aria-hidden /> {t('nav.chat')}
    </Link>
  );
}
