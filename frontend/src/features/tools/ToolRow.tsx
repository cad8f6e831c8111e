import { RightOutlined } from '@ant-design/icons';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Switch } from 'antd';
import { useId, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { setToolEnabled } from '@/api/operations';
import type { Tool, ToolList } from '@/api/types';
import { useRefusal } from '@/components/access/useRefusal';
import { formatDuration } from '@/components/format';
import { RequestError } from '@/components/RequestError';
import { RiskTag } from '@/components/RiskTag';
import { canSwitch } from './filterTools';
import { toolsQuery } from './queries';
import { ToolDetails } from './ToolDetails';
import styles from './tools.module.css';

const COLUMNS = 7;

export function ToolRow({ tool }: { tool: Tool }): ReactNode {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const detailsId = useId();
  const switching = useSwitch(tool);
  const { latency_ms: latency } = tool;
  return (
    <tbody>
      <tr data-hidden={!tool.enabled}>
        <th scope="row">
          <button
            type="button"
            className={styles['toolName']}
            aria-expanded={isOpen}
            aria-controls={detailsId}
            aria-label={t('tools.details', { name: tool.name })}
            onClick={() => {
              setOpen(!isOpen);
            }}
          >
            <RightOutlined aria-hidden />
            <code>{tool.name}</code>
          </button>
          <div className={styles['brief']}>{tool.title === '' ? firstLine(tool.description) : tool.title}</div>
          {tool.hidden !== null && (
            <div className={styles['reason']} title={tool.hidden.message}>
              {t(`tools.reason.${tool.hidden.reason}`)}
            </div>
          )}
        </th>
        <td data-label={t('tools.risk')}>
          <RiskTag risk={tool.risk} />
        </td>
        <td data-label={t('tools.server')}>{tool.server}</td>
        <td data-label={t('tools.calls')}>{tool.calls}</td>
        <td data-label={t('tools.errors')} data-tone={tool.errors > 0 ? 'danger' : undefined}>
          {tool.errors}
        </td>
        <td data-label={t('tools.latency')}>
          {latency === null ? '–' : `${formatDuration(latency.p50)} / ${formatDuration(latency.p99)}`}
        </td>
        <td data-label={t('tools.enabled')}>
          <Toggle tool={tool} switching={switching} />
        </td>
      </tr>
      {(isOpen || switching.error !== null) && (
        <tr>
          <td colSpan={COLUMNS} id={detailsId} className={styles['detailCell']}>
            {switching.error !== null && (
              <RequestError
                title={t('tools.switchFailed', { name: tool.name })}
                error={switching.error}
                onDismiss={switching.reset}
              />
            )}
            {isOpen && <ToolDetails tool={tool} />}
          </td>
        </tr>
      )}
    </tbody>
  );
}

type Switching = ReturnType<typeof useSwitch>;

function useSwitch(tool: Tool) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (isEnabled: boolean) => setToolEnabled(tool.name, isEnabled),
    onSuccess: (changed) => {
      queryClient.setQueryData<ToolList>(toolsQuery().queryKey, (list) =>
        list === undefined
          ? list
          : { ...list, items: list.items.map((item) => (isSame(item, changed) ? changed : item)) },
      );
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: toolsQuery().queryKey }),
  });
}

function Toggle({ tool, switching }: { tool: Tool; switching: Switching }): ReactNode {
  const { t } = useTranslation();
  const refusal = useRefusal('administer');
  const whyNot = canSwitch(tool) ? refusal : (tool.hidden?.message ?? t('tools.own'));
  return (
    <Switch
      size="small"
      checked={switching.isPending ? switching.variables : tool.enabled}
      disabled={whyNot !== null}
      loading={switching.isPending}
      aria-label={t('tools.enable', { name: tool.name })}
      title={whyNot ?? ''}
      onChange={(isEnabled) => {
        switching.mutate(isEnabled);
      }}
    />
  );
}

function isSame(one: Tool, other: Tool): boolean {
  return one.name === other.name && one.server === other.server;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
