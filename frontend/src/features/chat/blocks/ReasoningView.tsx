import { BulbOutlined, RightOutlined } from '@ant-design/icons';
import { useId, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Markdown } from '@/components/markdown/Markdown';
import styles from './ReasoningView.module.css';

/** Folded away: it is how the answer came about, not the answer. */
export function ReasoningView(props: { text: string; isStreaming: boolean }): ReactNode {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const bodyId = useId();
  return (
    <div className={styles['reasoning']}>
      <button
        type="button"
        aria-expanded={isOpen}
        aria-controls={bodyId}
        onClick={() => {
          setOpen(!isOpen);
        }}
      >
        <BulbOutlined aria-hidden />
        <span data-streaming={props.isStreaming}>
          {props.isStreaming ? t('reasoning.streaming') : t('reasoning.title')}
        </span>
        <RightOutlined className={styles['chevron']} aria-hidden />
      </button>
      {isOpen && (
        <div id={bodyId} className={styles['body']}>
          <Markdown text={props.text} />
        </div>
      )}
    </div>
  );
}
