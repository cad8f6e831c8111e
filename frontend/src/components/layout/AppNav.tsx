import { AuditOutlined, DashboardOutlined, ToolOutlined } from '@ant-design/icons';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { NavLink } from 'react-router';
import { may, useAccess } from '../access/AccessContext';
import styles from './AppLayout.module.css';

/** The pages beside the chat. */
export function AppNav(): ReactNode {
  const { t } = useTranslation();
  const { role } = useAccess();
  return (
    <nav className={styles['nav']} aria-label={t('nav.title')}>
      <NavLink to="/dashboard">
        <DashboardOutlined aria-hidden /> {t('nav.dashboard')}
      </NavLink>
      <NavLink to="/tools">
        <ToolOutlined aria-hidden /> {t('nav.tools')}
      </NavLink>
      {may(role, 'administer') && (
        <NavLink to="/audit">
          <AuditOutlined aria-hidden /> {t('nav.audit')}
        </NavLink>
      )}
    </nav>
  );
}
