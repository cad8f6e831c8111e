import { CloseOutlined, MenuOutlined } from '@ant-design/icons';
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { UserBar } from '../access/UserBar';
import { PreferenceControls } from '../preferences/PreferenceControls';
import styles from './AppLayout.module.css';
import { AppNav } from './AppNav';
import { BrandMark } from './BrandMark';

interface AppLayoutProps {
  /** What the page lists at the side; in a drawer on narrow screens. */
  sidebar: ReactNode;
  header: ReactNode;
  banner?: ReactNode;
  children: ReactNode;
  /** What the sidebar holds, in words. */
  sidebarLabel: string;
  /** Where the keyboard gets past the sidebar. */
  skipTo: { href: string; text: string };
  /** Changes when the reader went somewhere: an open drawer has then done its work. */
  location: string;
  /** Keeps the sidebar in the drawer but on very wide screens, for a page that needs the room. */
  isWide?: boolean;
}

/** From these widths on the sidebar stands beside the page, as the style sheet has it. */
const PAGE_PX = 768;
const WIDE_PAGE_PX = 1680;

const NavDrawer = lazy(() => import('./NavDrawer'));

export function AppLayout(props: AppLayoutProps): ReactNode {
  const { sidebar, sidebarLabel, skipTo, header, banner, children, location, isWide = false } = props;
  const { t } = useTranslation();
  const [openAt, setOpenAt] = useState<string | null>(null);
  const isOpen = openAt === location;
  const [wasOpened, setOpened] = useState(false);
  const close = (): void => {
    setOpenAt(null);
  };
  useCloseOnWideScreen(close, isWide ? WIDE_PAGE_PX : PAGE_PX);

  return (
    <div className={styles['layout']} data-wide={isWide || undefined}>
      <a className={styles['skip']} href={skipTo.href}>
        {skipTo.text}
      </a>
      <aside className={styles['aside']} aria-label={sidebarLabel}>
        <SidebarBody>{sidebar}</SidebarBody>
      </aside>
      {wasOpened && (
        <Suspense>
          <NavDrawer label={sidebarLabel} isOpen={isOpen} onClose={close}>
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
          </NavDrawer>
        </Suspense>
      )}
      <main className={styles['main']}>
        <header className={styles['header']}>
          <button
            type="button"
            className={`${styles['iconButton'] ?? ''} ${styles['menuButton'] ?? ''}`}
            aria-label={t('app.openMenu')}
            aria-expanded={isOpen}
            onClick={() => {
              setOpened(true);
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
        <AppNav />
        <UserBar />
        <PreferenceControls />
      </div>
    </div>
  );
}

function useCloseOnWideScreen(close: () => void, fromPx: number): void {
  useEffect(() => {
    const list = window.matchMedia(`(min-width: ${String(fromPx)}px)`);
    const onChange = (): void => {
      if (list.matches) close();
    };
    list.addEventListener('change', onChange);
    return () => {
      list.removeEventListener('change', onChange);
    };
  });
}
