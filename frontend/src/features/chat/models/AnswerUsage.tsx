import { useQueries } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Message } from '@/api/types';
import { runUsageQuery } from '../queries';
import { formatCost } from './format';
import { useModels } from './useModels';

/** What an answer took; its cost only where the models have prices. */
export function AnswerUsage({ message }: { message: Message }): ReactNode {
  const { t, i18n } = useTranslation();
  const { usage } = message;
  const used = usage === null ? 0 : usage.input_tokens + usage.output_tokens;
  const hasPrices = useModels().some((model) => model.input_price > 0 || model.output_price > 0);
  const runs = useQueries({
    queries: hasPrices && used > 0 ? runsOf(message).map(runUsageQuery) : [],
  });
  if (usage === null || used === 0) return null;
  const number = new Intl.NumberFormat(i18n.language);
  const isCosted = runs.length > 0 && runs.every(({ data }) => data !== undefined);
  const cost = runs.reduce((sum, { data }) => sum + (data?.cost ?? 0), 0);
  return (
    <>
      <span>
        {t('conversation.tokens', {
          input: number.format(usage.input_tokens),
          output: number.format(usage.output_tokens),
        })}
      </span>
      {isCosted && cost > 0 && (
        <span>{t('usage.cost', { cost: formatCost(cost, i18n.language) })}</span>
      )}
    </>
  );
}

/** A turn has one run more than it had approvals. */
function runsOf({ blocks, run_id }: Message): string[] {
  const asked = blocks.map((block) => (block.type === 'approval' ? block.approval.run_id : null));
  return [...new Set([...asked, run_id])].filter((id) => id !== null);
}
