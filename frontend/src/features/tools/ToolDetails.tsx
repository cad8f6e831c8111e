import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Tool } from '@/api/types';
import { CopyButton } from '@/components/CopyButton';
import { readParameters } from './readParameters';
import styles from './tools.module.css';

export function ToolDetails({ tool }: { tool: Tool }): ReactNode {
  const { t } = useTranslation();
  const parameters = readParameters(tool.input_schema);
  const schema = JSON.stringify(tool.input_schema, null, 2);
  return (
    <div className={styles['details']}>
      {/* As the server wrote it: no markup of its own may be drawn. */}
      <p className={styles['description']}>{tool.description}</p>
      <h4>{t('tools.parameters')}</h4>
      {parameters.length === 0 ? (
        <p className={styles['hint']}>{t('tools.noParameters')}</p>
      ) : (
        <dl className={styles['parameters']}>
          {parameters.map((parameter) => (
            <div key={parameter.name}>
              <dt>
                <code>{parameter.name}</code> <span>{parameter.type}</span>
                {parameter.isRequired && <b>{t('tools.required')}</b>}
              </dt>
              <dd>
                {parameter.description}
                {parameter.limits !== '' && <code>{parameter.limits}</code>}
              </dd>
            </div>
          ))}
        </dl>
      )}
      <details>
        <summary>{t('tools.rawSchema')}</summary>
        <div className={styles['schema']}>
          <CopyButton text={schema} />
          {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolls by keyboard */}
          <pre tabIndex={0} role="group" aria-label={t('tools.rawSchema')}>
            {schema}
          </pre>
        </div>
      </details>
      {tool.fingerprint !== null && (
        <p className={styles['hint']}>
          {t('tools.fingerprint')} <code title={tool.fingerprint}>{tool.fingerprint.slice(0, 12)}</code>
        </p>
      )}
    </div>
  );
}
