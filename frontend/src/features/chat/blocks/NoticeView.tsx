import { InfoCircleOutlined } from '@ant-design/icons';
import type { ReactNode } from 'react';
import type { NoticeBlock } from '@/api/types';
import styles from './NoticeView.module.css';

export function NoticeView({ notice }: { notice: NoticeBlock }): ReactNode {
  return (
    <p className={styles['notice']} data-code={notice.code}>
      <InfoCircleOutlined aria-hidden />
      <span>{notice.message}</span>
    </p>
  );
}
