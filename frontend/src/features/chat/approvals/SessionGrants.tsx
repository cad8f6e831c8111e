import { KeyOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { revokeGrant } from '@/api/endpoints';
import type { Grant } from '@/api/types';
import { useRefusal } from '@/components/access/useRefusal';
import { FloatingPanel } from '@/components/popup/FloatingPanel';
import { RequestError } from '@/components/RequestError';
import { formatDateTime } from '@/components/format';
import { grantsQuery } from '../queries';
import styles from './SessionGrants.module.css';

/** What is not asked about any more in this session, and the way to take it back. */
export function SessionGrants({ sessionId }: { sessionId: string }): ReactNode {
  const { t } = useTranslation();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const { data: grants = [] } = useQuery(grantsQuery(sessionId));
  if (grants.length === 0) return null;
  const label = t('grants.open', { count: grants.length });
  const close = (): void => {
    setAnchor(null);
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        className={styles['open']}
        aria-label={label}
        title={label}
        aria-haspopup="dialog"
        aria-expanded={anchor !== null}
        onClick={({ currentTarget }) => {
          setAnchor(anchor === null ? currentTarget : null);
        }}
      >
        <KeyOutlined aria-hidden /> {grants.length}
      </button>
      {anchor !== null && (
        <FloatingPanel anchor={anchor} side="below" align="end" onClose={close}>
          <GrantList
            sessionId={sessionId}
            grants={grants}
            onClose={() => {
              close();
              button.current?.focus();
            }}
          />
        </FloatingPanel>
      )}
    </>
  );
}

interface GrantListProps {
  sessionId: string;
  grants: Grant[];
  onClose: () => void;
}

function GrantList({ sessionId, grants, onClose }: GrantListProps): ReactNode {
  const { t, i18n } = useTranslation();
  const queryClient = useQueryClient();
  const refusal = useRefusal('ask');
  const revoking = useMutation({
    mutationFn: (grant: Grant) => revokeGrant(sessionId, grant),
    onSuccess: (left) => {
      queryClient.setQueryData(grantsQuery(sessionId).queryKey, left);
    },
  });
  return (
    // Escape closes it from wherever the focus is inside.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      role="dialog"
      aria-label={t('grants.title')}
      className={styles['panel']}
      onKeyDown={({ key }) => {
        if (key === 'Escape') onClose();
      }}
    >
      <b>{t('grants.title')}</b>
      <p>{t('grants.text')}</p>
      {revoking.error !== null && (
        <RequestError title={t('grants.failed')} error={revoking.error} onDismiss={revoking.reset} />
      )}
      <ul>
        {grants.map((grant) => (
          <li key={`${grant.server} ${grant.tool} ${grant.remember_key}`}>
            <div>
              <code>{grant.tool}</code> <span>{grant.server}</span>
              <div className={styles['key']}>{grant.remember_key}</div>
              <div className={styles['by']}>
                {t('grants.by', {
                  who: grant.granted_by,
                  when: formatDateTime(grant.created_at, i18n.language),
                })}
              </div>
            </div>
            <Button
              size="small"
              aria-label={t('grants.revokeOne', { tool: grant.tool })}
              title={refusal ?? undefined}
              disabled={refusal !== null || revoking.isPending}
              onClick={() => {
                revoking.mutate(grant);
              }}
            >
              {t('grants.revoke')}
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}
