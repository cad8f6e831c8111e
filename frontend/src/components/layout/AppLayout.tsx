import { CloseOutlined, MenuOutlined } from '@ant-design/icons';
import { Drawer } from 'antd';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { PreferenceControls } from '../preferences/PreferenceControls';
import styles from './AppLayout.module.css';
import { BrandMark } from './BrandMark';

interface AppLayoutProps {
  /** What the page lists at the side; in a drawer on narrow screens. */
  sidebar: ReactNode;
  header: ReactNode;
  banner?: ReactNode;
  children: ReactNode;
  /** Changes when the reader went somewhere: an open drawer has then done its work. */
  location: string;
}

export function AppLayout(props: AppLayoutProps): ReactNode {
  const { sidebar, header, banner, children, location } = props;
  const { t } = useTranslation();
  const [openAt, setOpenAt] = useState<string | null>(null);
  const isOpen = openAt === location;
  const close = (): void => {
    setOpenAt(null);
  };
  useCloseOnWideScreen(close);

  return (
    <div className={styles['layout']}>
      <a className={styles['skip']} href="#composer">
        {t('app.skipToComposer')}
      </a>
      <aside className={styles['aside']} aria-label={t('sessions.title')}>
        <SidebarBody>{sidebar}</SidebarBody>
      </aside>
      <Drawer
        open={isOpen}
        onClose={close}
        placement="left"
        size={304}
        closable={false}
        destroyOnHidden
        aria-label={t('sessions.title')}
        styles={{ body: { padding: 0 } }}
      >
        <SidebarBody
          close={
            <button
              type="button"
              className={styles['iconButton']}
              aria-label={t('app.closeMenu')}
              onClick={close}
            >
              <CloseOutlined aria-hidden />
            </button>
          }
        >
          {sidebar}
        </SidebarBody>
      </Drawer>
      <main className={styles['main']}>
        <header className={styles['header']}>
          <button
            type="button"
            className={`${styles['iconButton'] ?? ''} ${styles['menuButton'] ?? ''}`}
            aria-label={t('app.openMenu')}
            aria-expanded={isOpen}
            onClick={() => {
              setOpenAt(location);
            }}
          >
            <MenuOutlined aria-hidden />
          </button>
          {header}
        </header>
        {banner}
        {children}
      </main>
    </div>
  );
}

function SidebarBody({ children, close }: { children: ReactNode; close?: ReactNode }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className={styles['sidebar']}>
      <div className={styles['brand']}>
        <BrandMark />
        <span>{t('app.name')}</span>
        {close}
      </div>
      <div className={styles['sidebarMain']}>{children}</div>
      <div className={styles['sidebarFoot']}>
        <PreferenceControls />
      </div>
    </div>
  );
}

function useCloseOnWideScreen(close: () => void): void {
  useEffect(() => {
    const list = window.matchMedia('(min-width: 768px)');
    const onChange = (): void => {
      if (list.matches) close();
    };
    list.addEventListener('change', onChange);
    return () => {
      list.removeEventListener('change', onChange);
    };
  });
}
