import { DeleteOutlined, EditOutlined, EllipsisOutlined, FileTextOutlined } from '@ant-design/icons';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { NavLink } from 'react-router';
import { exportUrl } from '@/api/endpoints';
import type { Session } from '@/api/types';
import { useRefusal } from '@/components/access/useRefusal';
import { MenuButton, type MenuItem } from '@/components/popup/MenuButton';
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
  const items: MenuItem[] = [
    { key: 'rename', icon: <EditOutlined />, label: t('sessions.rename'), onSelect: onRename },
    {
      key: 'export',
      icon: <FileTextOutlined />,
      label: t('sessions.export'),
      href: exportUrl(sessionId, 'markdown'),
    },
    {
      key: 'delete',
      icon: <DeleteOutlined />,
      label: t('sessions.delete'),
      isDanger: true,
      onSelect: onRemove,
    },
  ];
  const may = useRefusal('ask') === null;
  return (
    <MenuButton
      label={t('sessions.actions', { title })}
      className={styles['more']}
      // Reading is everybody's; the rest needs the right to ask.
      items={may ? items : items.filter(({ href }) => href !== undefined)}
    >
      <EllipsisOutlined aria-hidden />
    </MenuButton>
  );
}
