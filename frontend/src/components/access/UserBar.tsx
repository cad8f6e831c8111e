import { LogoutOutlined, UserOutlined } from '@ant-design/icons';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useAccess } from './AccessContext';
import styles from './UserBar.module.css';

/** Who is logged in; nothing on a machine where nobody needs to be. */
export function UserBar(): ReactNode {
  const { t } = useTranslation();
  const { name, role, isLoginRequired, logOut } = useAccess();
  if (!isLoginRequired || name === null || role === null) return null;
  return (
    <div className={styles['user']}>
      <UserOutlined aria-hidden />
      <span className={styles['name']} title={name}>
        {name}
      </span>
      <span className={styles['role']}>{t(`access.role.${role}`)}</span>
      <button
        type="button"
        className={styles['logOut']}
        aria-label={t('access.logOut')}
        title={t('access.logOut')}
        onClick={logOut}
      >
        <LogoutOutlined aria-hidden />
      </button>
    </div>
  );
}
