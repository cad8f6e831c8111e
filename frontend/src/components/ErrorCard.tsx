import { ExclamationCircleFilled } from '@ant-design/icons';
import { Button } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './ErrorCard.module.css';

export interface ErrorCardProps {
  title: string;
  message?: string;
  hint?: string | null;
  code?: string | null;
  retryLabel?: string;
  onRetry?: () => void;
  onDismiss?: () => void;
}

export function ErrorCard(props: ErrorCardProps): ReactNode {
  const { t } = useTranslation();
  const { title, message, hint, code, onRetry, onDismiss } = props;
  return (
    <div role="alert" className={styles['card']}>
      <ExclamationCircleFilled className={styles['icon']} aria-hidden />
      <div className={styles['body']}>
        <div className={styles['title']}>{title}</div>
        {message !== undefined && message !== title && (
          <div className={styles['message']}>{message}</div>
        )}
        {hint != null && hint !== '' && (
          <div className={styles['hint']}>
            <b>{t('error.hint')}</b> {hint}
          </div>
        )}
        {code != null && <code className={styles['code']}>{code}</code>}
        {(onRetry !== undefined || onDismiss !== undefined) && (
          <div className={styles['actions']}>
            {onRetry !== undefined && (
              <Button size="small" onClick={onRetry}>
                {props.retryLabel ?? t('error.retry')}
              </Button>
            )}
            {onDismiss !== undefined && (
              <Button size="small" type="text" onClick={onDismiss}>
                {t('error.dismiss')}
              </Button>
            )}
          </div>
        )}
      </div>
    </div>
  );
}
