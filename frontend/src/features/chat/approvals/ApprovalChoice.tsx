import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { decideApproval } from '@/api/endpoints';
import { RequestFailed } from '@/api/problem';
import type { Approval, Decision } from '@/api/types';
import { useRefusal } from '@/components/access/useRefusal';
import { RequestError } from '@/components/RequestError';
import { grantsQuery } from '../queries';
import styles from './ApprovalCard.module.css';

/** Decided already, or too late: not a failure of this click, the stored state tells what happened. */
const SETTLED_STATUSES = new Set([409, 410]);

interface ApprovalChoiceProps {
  approval: Approval;
  onDecided: () => void;
}

export function ApprovalChoice({ approval, onDecided }: ApprovalChoiceProps): ReactNode {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const [isRejecting, setRejecting] = useState(false);
  // Who may approve beyond asking is the server's setting; it says so when this reader may not.
  const refusal = useRefusal('ask');
  const deciding = useMutation({
    mutationFn: (decision: Decision) => decideApproval(approval.id, decision),
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: grantsQuery(approval.session_id).queryKey });
      onDecided();
    },
  });
  const hintId = useId();
  const { error } = deciding;
  const isSettledElsewhere = error instanceof RequestFailed && SETTLED_STATUSES.has(error.status);

  if (deciding.isSuccess) return <p className={styles['outcome']}>{t('approval.deciding')}</p>;
  if (isSettledElsewhere) {
    return (
      <p className={styles['outcome']} role="status">
        {error.message} {t('approval.alreadyDecided')}
      </p>
    );
  }
  if (refusal !== null) {
    return <p className={styles['outcome']}>{t('approval.needsRole', { reason: refusal })}</p>;
  }
  return (
    <>
      {error !== null && <RequestError title={t('approval.failed')} error={error} />}
      {isRejecting ? (
        <RejectForm
          isBusy={deciding.isPending}
          onBack={() => {
            setRejecting(false);
          }}
          onReject={(reason) => {
            deciding.mutate({ decision: 'reject', ...(reason === '' ? {} : { reason }) });
          }}
        />
      ) : (
        <div className={styles['actions']}>
          <Button
            type="primary"
            loading={deciding.isPending}
            onClick={() => {
              deciding.mutate({ decision: 'approve' });
            }}
          >
            {t('approval.approve')}
          </Button>
          {approval.can_remember === true && (
            <Button
              disabled={deciding.isPending}
              aria-describedby={hintId}
              onClick={() => {
                deciding.mutate({ decision: 'approve_for_session' });
              }}
            >
              {t('approval.approveForSession')}
            </Button>
          )}
          <Button
            disabled={deciding.isPending}
            onClick={() => {
              setRejecting(true);
            }}
          >
            {t('approval.reject')}
          </Button>
        </div>
      )}
      {approval.can_remember === true && !isRejecting && (
        <p id={hintId} className={styles['hint']}>
          {t('approval.approveForSessionHint', {
            tool: approval.tool,
            key: approval.remember_key ?? '',
          })}
        </p>
      )}
    </>
  );
}

interface RejectFormProps {
  isBusy: boolean;
  onBack: () => void;
  onReject: (reason: string) => void;
}

function RejectForm({ isBusy, onBack, onReject }: RejectFormProps): ReactNode {
  const { t } = useTranslation();
  const [reason, setReason] = useState('');
  const fieldId = useId();
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => {
    form.current?.scrollIntoView({ block: 'nearest' });
  }, []);

  return (
    <form
      ref={form}
      className={styles['rejectForm']}
      onSubmit={(event) => {
        event.preventDefault();
        onReject(reason.trim());
      }}
    >
      <label htmlFor={fieldId}>{t('approval.reasonLabel')}</label>
      <input
        id={fieldId}
        // The form appears because the reader asked for it.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        value={reason}
        maxLength={500}
        placeholder={t('approval.reasonPlaceholder')}
        onChange={(event) => {
          setReason(event.target.value);
        }}
      />
      <div className={styles['actions']}>
        <Button danger type="primary" htmlType="submit" loading={isBusy}>
          {t('approval.confirmReject')}
        </Button>
        <Button disabled={isBusy} onClick={onBack}>
          {t('approval.back')}
        </Button>
      </div>
    </form>
  );
}
