import { CheckOutlined, CopyOutlined } from '@ant-design/icons';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './CopyButton.module.css';

const SHOW_DONE_MS = 1600;

export function CopyButton({ text, label }: { text: string; label?: string }): ReactNode {
  const { t } = useTranslation();
  const [isDone, setDone] = useState(false);

  useEffect(() => {
    if (!isDone) return;
    const timer = setTimeout(() => {
      setDone(false);
    }, SHOW_DONE_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [isDone]);

  const name = isDone ? t('code.copied') : (label ?? t('code.copy'));
  return (
    <button
      type="button"
      className={styles['button']}
      aria-label={name}
      title={name}
      onClick={() => {
        void copyText(text).then(setDone);
      }}
    >
      {isDone ? <CheckOutlined aria-hidden /> : <CopyOutlined aria-hidden />}
    </button>
  );
}

/** The clipboard API needs a secure context; over plain HTTP in a LAN only the old command works. */
async function copyText(text: string): Promise<boolean> {
  if (window.isSecureContext) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const area = document.createElement('textarea');
  area.value = text;
  area.setAttribute('readonly', '');
  area.className = 'visually-hidden';
  document.body.append(area);
  area.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way without a secure context
  const isCopied = document.execCommand('copy');
  area.remove();
  return isCopied;
}
