import { Modal } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { RequestError } from '@/components/RequestError';

interface DeleteDialogProps {
  title: string;
  isBusy: boolean;
  error: Error | null;
  onCancel: () => void;
  onConfirm: () => void;
}

/** Loaded when it is first needed. */
export default function DeleteDialog(props: DeleteDialogProps): ReactNode {
  const { t } = useTranslation();
  return (
    <Modal
      open
      title={t('sessions.deleteTitle')}
      okText={t('sessions.delete')}
      okButtonProps={{ danger: true }}
      confirmLoading={props.isBusy}
      onCancel={props.onCancel}
      onOk={props.onConfirm}
    >
      {t('sessions.deleteText', { title: props.title })}
      {props.error !== null && (
        <RequestError title={t('sessions.deleteFailed')} error={props.error} />
      )}
    </Modal>
  );
}
