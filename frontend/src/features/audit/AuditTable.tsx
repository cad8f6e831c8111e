import { RightOutlined } from '@ant-design/icons';
import { useId, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AuditRecord } from '@/api/types';
import styles from './audit.module.css';

const COLUMNS = 5;

export function AuditTable({ records }: { records: AuditRecord[] }): ReactNode {
  const { t } = useTranslation();
  return (
    <table className={styles['table']}>
      <thead>
        <tr>
          <th scope="col">{t('audit.number')}</th>
          <th scope="col">{t('audit.at')}</th>
          <th scope="col">{t('audit.actor')}</th>
          <th scope="col">{t('audit.action')}</th>
          <th scope="col">{t('audit.subject')}</th>
        </tr>
      </thead>
      {records.map((record) => (
        <Row key={record.seq} record={record} />
      ))}
    </table>
  );
}

function Row({ record }: { record: AuditRecord }): ReactNode {
  const { t, i18n } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const detailsId = useId();
  const at = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'short', timeStyle: 'medium' });
  return (
    <tbody>
      <tr>
        <td>
          <button
            type="button"
            className={styles['open']}
            aria-expanded={isOpen}
            aria-controls={detailsId}
            aria-label={t('audit.show', { seq: record.seq })}
            onClick={() => {
              setOpen(!isOpen);
            }}
          >
            <RightOutlined aria-hidden /> {record.seq}
          </button>
        </td>
        <td>
          <time dateTime={record.at}>{at.format(new Date(record.at))}</time>
        </td>
        <td>{record.actor}</td>
        <td>
          <code data-tone={toneOf(record.action)}>{record.action}</code>
        </td>
        <td className={styles['subject']}>{record.subject}</td>
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={COLUMNS} id={detailsId} className={styles['detailCell']}>
            {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolls by keyboard */}
            <pre tabIndex={0} role="group" aria-label={t('audit.details')}>
              {JSON.stringify(record.details, null, 2)}
            </pre>
            <dl>
              <dt>{t('audit.hash')}</dt>
              <dd>{record.hash}</dd>
              <dt>{t('audit.previous')}</dt>
              <dd>{record.previous_hash}</dd>
            </dl>
          </td>
        </tr>
      )}
    </tbody>
  );
}

function toneOf(action: string): string | undefined {
  return /\.(?:failed|denied|refused|rejected)$/.test(action) ? 'danger' : undefined;
}
