import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ObjectView } from '@/components/data/ObjectView';
import { isObject, type JsonObject } from '@/components/data/toolResult';
import { Output } from './CommandParts';
import styles from './results.module.css';

/** One object of any kind: what is worked out about it, and its own fields as they are. */
export function ResourceView({ result }: { result: JsonObject }): ReactNode {
  const { t } = useTranslation();
  const { fields, ...about } = result;
  return (
    <div className={styles['result']}>
      <ObjectView value={about} />
      {isObject(fields) && Object.keys(fields).length > 0 && (
        <Output label={t('result.fields')} text={JSON.stringify(fields, null, 2)} />
      )}
    </div>
  );
}
