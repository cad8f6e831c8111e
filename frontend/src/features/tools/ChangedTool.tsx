import { WarningFilled } from '@ant-design/icons';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { acceptTool } from '@/api/operations';
import type { Tool } from '@/api/types';
import { useRefusal } from '@/components/access/useRefusal';
import { RequestError } from '@/components/RequestError';
import { ToolDetails } from './ToolDetails';
import styles from './tools.module.css';

/** A tool whose server rewrote what models read of it: a person looks before a model does. */
export function ChangedTool({ tool }: { tool: Tool }): ReactNode {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const refusal = useRefusal('administer');
  const accepting = useMutation({
    mutationFn: () => acceptTool(tool.name, tool.fingerprint),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['tools'] }),
  });
  const title = t('tools.changedTitle', { name: tool.name });
  return (
    <section className={styles['changed']} aria-label={title}>
      <h2>
        <WarningFilled aria-hidden /> {title}
      </h2>
      <p>{t('tools.changedText')}</p>
      <p>{tool.hidden?.message}</p>
      <details>
        <summary>{t('tools.changedNow')}</summary>
        <ToolDetails tool={tool} />
      </details>
      {accepting.error !== null && (
        <RequestError
          title={t('tools.acceptFailed', { name: tool.name })}
          error={accepting.error}
          onDismiss={accepting.reset}
        />
      )}
      <div className={styles['changedFoot']}>
        <Button
          disabled={refusal !== null}
          title={refusal ?? undefined}
          loading={accepting.isPending}
          onClick={() => {
            accepting.mutate();
          }}
        >
          {t('tools.accept')}
        </Button>
        {refusal !== null && <span className={styles['hint']}>{refusal}</span>}
      </div>
    </section>
  );
}
