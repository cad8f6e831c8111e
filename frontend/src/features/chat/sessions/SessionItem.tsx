import { DeleteOutlined, EditOutlined, EllipsisOutlined, FileTextOutlined } from '@ant-design/icons';
import { Dropdown, type MenuProps } from 'antd';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { NavLink } from 'react-router';
import { exportUrl } from '@/api/endpoints';
import type { Session } from '@/api/types';
import { RenameField } from './RenameField';
import styles from './SessionList.module.css';

interface SessionItemProps {
  session: Session;
  onRename: (title: string) => void;
  onRemove: () => void;
}

export function SessionItem({ session, onRename, onRemove }: SessionItemProps): ReactNode {
  const { t } = useTranslation();
  const [isRenaming, setRenaming] = useState(false);
  const title = session.title || t('sessions.untitled');

  if (isRenaming) {
    return (
      <li className={styles['item']}>
        <RenameField
          title={session.title}
          onDone={(next) => {
            setRenaming(false);
            if (next !== null) onRename(next);
          }}
        />
      </li>
    );
  }
  return (
    <li className={styles['item']}>
      <NavLink to={`/sessions/${session.id}`} className={styles['link'] ?? ''}>
        <span className={styles['titleRow']}>
          {session.active_run_id !== null && (
            <span className={styles['running']} role="img" aria-label={t('sessions.running')} />
          )}
          <span className={styles['title']} title={title}>
            {title}
          </span>
        </span>
        {session.snippet !== null && session.snippet !== '' && (
          <span className={styles['snippet']}>{session.snippet}</span>
        )}
      </NavLink>
      <SessionMenu
        title={title}
        sessionId={session.id}
        onRename={() => {
          setRenaming(true);
        }}
        onRemove={onRemove}
      />
    </li>
  );
}

interface SessionMenuProps {
  title: string;
  sessionId: string;
  onRename: () => void;
  onRemove: () => void;
}

function SessionMenu({ title, sessionId, onRename, onRemove }: SessionMenuProps): ReactNode {
  const { t } = useTranslation();
  const items: MenuProps['items'] = [
    { key: 'rename', icon: <EditOutlined />, label: t('sessions.rename'), onClick: onRename },
    {
      key: 'export',
      icon: <FileTextOutlined />,
      label: (
        <a href={exportUrl(sessionId, 'markdown')} download>
          {t('sessions.export')}
        </a>
      ),
    },
    { type: 'divider' },
    {
      key: 'delete',
      icon: <DeleteOutlined />,
      label: t('sessions.delete'),
      danger: true,
      onClick: onRemove,
    },
  ];
  return (
    <Dropdown menu={{ items }} trigger={['click']} placement="bottomRight">
      <button
        type="button"
        className={styles['more']}
        aria-label={t('sessions.actions', { title })}
        aria-haspopup="menu"
      >
        <EllipsisOutlined aria-hidden />
      </button>
    </Dropdown>
  );
}
